import type { SocialTask } from '../../schemas/profiles';
import { createRandom, seedOf } from '../random';
import type { UnplacedTask } from './importEnvironments';
import { goalsKey } from './normalise';
import { type Neighbour, SimilarityIndex } from './similarity';

/** A part of the campaign that needs tasks of its own: a round, `dev` or `test`. */
export interface SplitDemand {
  name: string;
  tasks: number;
  evaluation: boolean;
}

/** Which splits imported tasks may fill. */
export type ImportUse = 'evaluation' | 'training' | 'both';

export interface ImportedPlacement {
  placed: SocialTask[];
  /** Tasks still wanted, in the order of the splits. */
  missing: SplitDemand[];
  /** Imported tasks kept out of a split, because a task on the other side of training and evaluation resembles them. */
  keptOut: { task: UnplacedTask; neighbour: Neighbour }[];
  /** Imported tasks nobody needed. */
  left: UnplacedTask[];
}

/**
 * Gives imported tasks, shuffled by the seed, to the splits in order. A task that resembles one on the other side of
 * training and evaluation is kept out, so that nothing held out is trained on in other words.
 */
export function placeImported(
  demands: readonly SplitDemand[],
  imported: readonly UnplacedTask[],
  use: ImportUse,
  maxSimilarity: number,
  seed: number,
): ImportedPlacement {
  const waiting = createRandom(seedOf(seed, 'imported')).shuffle(imported);
  const sides = { training: new SimilarityIndex(), evaluation: new SimilarityIndex() };
  const placed: SocialTask[] = [];
  const keptOut = new Map<string, { task: UnplacedTask; neighbour: Neighbour }>();
  const missing = demands.map((demand) => {
    const side = demand.evaluation ? 'evaluation' : 'training';
    const wanted = use === 'both' || use === side ? demand.tasks : 0;
    const other = sides[demand.evaluation ? 'training' : 'evaluation'];
    let filled = 0;
    for (let i = 0; i < waiting.length && filled < wanted; ) {
      const task = waiting[i] as UnplacedTask;
      const neighbour = other.nearest([task.scenario, ...task.goals]);
      if (neighbour !== null && neighbour.similarity >= maxSimilarity) {
        keptOut.set(task.id, { task, neighbour });
        i += 1;
        continue;
      }
      waiting.splice(i, 1);
      placed.push({ ...task, split: demand.name });
      sides[side].add(task.id, [task.scenario, ...task.goals]);
      filled += 1;
    }
    return { ...demand, tasks: demand.tasks - filled };
  });
  const unplaced = new Set(waiting.map((task) => task.id));
  return {
    placed,
    missing,
    keptOut: [...keptOut.values()].filter(({ task }) => unplaced.has(task.id)),
    left: waiting.filter((task) => !keptOut.has(task.id)),
  };
}

/** Gives generated tasks, in order, to the splits that still want some; fewer tasks leave the last splits short. */
export function placeGenerated(
  missing: readonly SplitDemand[],
  tasks: readonly UnplacedTask[],
): SocialTask[] {
  const names = missing.flatMap(({ name, tasks: count }) => Array.from({ length: count }, () => name));
  return tasks.slice(0, names.length).map((task, index) => ({ ...task, split: names[index] ?? '' }));
}

/**
 * Checks what construction promises: no id and no pair of goals twice, each split as large as demanded, no task of an
 * unknown split, and no training task that resembles an evaluation task.
 * @throws Error naming the first task that breaks a promise; a defect of this program, never of its input.
 */
export function assertDisjoint(
  tasks: readonly SocialTask[],
  demands: readonly SplitDemand[],
  maxSimilarity: number,
): void {
  const seen = new Map<string, string>();
  const claim = (key: string, task: SocialTask) => {
    const earlier = seen.get(key);
    if (earlier !== undefined) {
      throw new Error(`splits are not disjoint: ${task.id} (${task.split}) repeats ${earlier}`);
    }
    seen.set(key, `${task.id} (${task.split})`);
  };
  const evaluation = new SimilarityIndex();
  const isEvaluation = new Map(demands.map((demand) => [demand.name, demand.evaluation]));
  for (const task of tasks) {
    claim(`id ${task.id}`, task);
    claim(`goals ${goalsKey(task.goals)}`, task);
    if (!isEvaluation.has(task.split)) throw new Error(`task ${task.id} is of no known split: ${task.split}`);
    if (isEvaluation.get(task.split)) evaluation.add(task.id, [task.scenario, ...task.goals]);
  }
  for (const task of tasks) {
    if (isEvaluation.get(task.split)) continue;
    const nearest = evaluation.nearest([task.scenario, ...task.goals]);
    if (nearest !== null && nearest.similarity >= maxSimilarity) {
      throw new Error(`training task ${task.id} (${task.split}) resembles evaluation task ${nearest.id}`);
    }
  }
  for (const { name, tasks: wanted } of demands) {
    const found = tasks.filter((task) => task.split === name).length;
    if (found !== wanted) throw new Error(`split ${name} has ${found} tasks, wanted ${wanted}`);
  }
}
