import type { AgentProfile, SocialTask, TaskSet } from '../../schemas/profiles';
import { createRandom, type Random, seedOf } from '../random';
import { mayPlay } from './constraints';

/** Two agent ids; the first plays position 0. */
export type Pair = [string, string];

export interface SampledPairs {
  pairs: Pair[];
  /** What was asked for and could not be had. */
  notes: string[];
}

/**
 * Casts a task. The pairs come from the first of these that has any, shuffled by the seed:
 * 1. pairs prescribed for the task, as they are;
 * 2. relationships of the task's type, in both orders, under the age, occupation and agent constraints;
 * 3. any two agents under the constraints;
 * 4. relationships of the task's type, without the constraints;
 * 5. any two agents.
 * When there are fewer than `count`, all are used again, shuffled anew. Everything after 2, and every repetition, is
 * a note.
 * @throws RangeError when there are fewer than two agents.
 */
export function samplePairs(task: SocialTask, count: number, taskSet: TaskSet, seed: number): SampledPairs {
  if (taskSet.agents.length < 2) {
    throw new RangeError(
      `cannot cast task ${task.id}: two agents are needed, there are ${taskSet.agents.length}`,
    );
  }
  const { source, note } = chooseSource(task, taskSet, seed);
  const notes = note === undefined ? [] : [`task ${task.id}: ${note}`];
  const pairs: Pair[] = [];
  for (let cycle = 0; pairs.length < count; cycle += 1) {
    const random = createRandom(seedOf(seed, 'pairs', task.id, cycle));
    pairs.push(...source(random, count - pairs.length));
    if (cycle === 0 && pairs.length < count) {
      notes.push(`task ${task.id}: only ${pairs.length} pairs for ${count} episodes; pairs play again`);
    }
  }
  return { pairs, notes };
}

/** Draws up to so many different pairs; at least one. */
type PairSource = (random: Random, count: number) => Pair[];

function chooseSource(
  task: SocialTask,
  taskSet: TaskSet,
  seed: number,
): { source: PairSource; note?: string } {
  const prescribed = Object.hasOwn(taskSet.prescribedPairs, task.id) ? taskSet.prescribedPairs[task.id] : [];
  if (prescribed && prescribed.length > 0) return { source: fromList(prescribed) };

  const agents = new Map(taskSet.agents.map((agent) => [agent.id, agent]));
  const fits = ([first, second]: Pair) => {
    const [left, right] = [agents.get(first), agents.get(second)];
    return left !== undefined && right !== undefined && mayPlayBoth(task, left, right);
  };
  const related = relatedPairs(task, taskSet).filter(
    ([first, second]) => agents.has(first) && agents.has(second),
  );
  const suited = related.filter(fits);
  if (suited.length > 0) return { source: fromList(suited) };

  const [left, right] = ([0, 1] as const).map((position) =>
    taskSet.agents.filter((agent) => mayPlay(agent, position, task.constraints)),
  );
  const anyTwo = fromProduct(left ?? [], right ?? []);
  const type = `relationship of type ${task.relationship}`;
  if (anyTwo(createRandom(seed), 1).length > 0) {
    return { source: anyTwo, note: `no ${type} meets the constraints; any two agents that meet them play` };
  }
  if (related.length > 0) {
    return { source: fromList(related), note: `no agents meet the constraints; agents with a ${type} play` };
  }
  const note = `no agents meet the constraints and none have a ${type}; any two agents play`;
  return { source: fromProduct(taskSet.agents, taskSet.agents), note };
}

const mayPlayBoth = (task: SocialTask, first: AgentProfile, second: AgentProfile): boolean =>
  mayPlay(first, 0, task.constraints) && mayPlay(second, 1, task.constraints);

/** Both orders of all relationships of the task's type, each pair once. */
function relatedPairs(task: SocialTask, taskSet: TaskSet): Pair[] {
  const pairs = new Map<string, Pair>();
  for (const { agents, relationship } of taskSet.relationships) {
    if (relationship !== task.relationship) continue;
    for (const pair of [agents, [agents[1], agents[0]]] as Pair[]) pairs.set(JSON.stringify(pair), pair);
  }
  return [...pairs.values()];
}

const fromList =
  (pairs: readonly Pair[]): PairSource =>
  (random, count) =>
    random.sample(pairs, count).map(([first, second]) => [first, second]);

/** Draws from all pairs of two lists without writing them all down: a Fisher–Yates shuffle that keeps only what moved. */
const fromProduct =
  (left: readonly AgentProfile[], right: readonly AgentProfile[]): PairSource =>
  (random, count) => {
    const moved = new Map<number, number>();
    const pairs: Pair[] = [];
    for (let remaining = left.length * right.length; remaining > 0 && pairs.length < count; remaining -= 1) {
      const place = random.integer(remaining);
      const drawn = moved.get(place) ?? place;
      moved.set(place, moved.get(remaining - 1) ?? remaining - 1);
      const first = left[Math.floor(drawn / right.length)];
      const second = right[drawn % right.length];
      if (first && second && first.id !== second.id) pairs.push([first.id, second.id]);
    }
    return pairs;
  };
