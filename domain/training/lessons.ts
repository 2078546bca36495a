import type { Decision } from '../../schemas/filter';
import type { DatasetForm, DialogueRow } from '../../schemas/training';

/** A side that is learned from, and how. */
export interface Lesson {
  side: Decision;
  weight?: number;
  /** The side that it is preferred to. */
  against?: Decision;
}

/** The most that a side counts, as in advantage-weighted regression (Peng et al. 2019). */
const LARGEST_WEIGHT = 20;

/**
 * What a filter's decisions teach, in their order. Unrated sides teach nothing in any form.
 * @param decisions of one round, as `filterEpisodes` gives them: best first in each task and position
 */
export function lessonsOf(decisions: readonly Decision[], form: DatasetForm | undefined): Lesson[] {
  if (form?.form === 'preferences') return groupsOf(decisions).flatMap(preferencesIn);
  const kept = decisions.filter(({ keep }) => keep);
  if (form === undefined) return kept.map((side) => ({ side }));
  const means = new Map(groupsOf(decisions).flatMap((group) => group.map((side) => [side, meanGoal(group)])));
  return kept.map((side) => {
    const advantage = (side.goal ?? 0) - (means.get(side) ?? 0);
    const weight = Math.min(LARGEST_WEIGHT, Math.exp(advantage / form.temperature));
    // No more digits than any processor gives alike.
    return { side, weight: Number(weight.toPrecision(6)) };
  });
}

/** The best kept side against the worst dropped one, the second best against the second worst, as long as it is better. */
function preferencesIn(group: readonly Decision[]): Lesson[] {
  const rated = group.filter(({ rank }) => rank !== null);
  const kept = rated.filter(({ keep }) => keep);
  const worst = rated.filter(({ keep }) => !keep).reverse();
  return kept.flatMap((side, index) => {
    const against = worst[index];
    return against && isBetter(side, against) ? [{ side, against }] : [];
  });
}

const isBetter = (one: Decision, other: Decision): boolean =>
  (one.goal ?? 0) > (other.goal ?? 0) ||
  (one.goal === other.goal && (one.overall ?? 0) > (other.overall ?? 0));

function meanGoal(group: readonly Decision[]): number {
  const goals = group.flatMap(({ goal }) => (goal === null ? [] : [goal]));
  return goals.reduce((sum, goal) => sum + goal, 0) / Math.max(1, goals.length);
}

const keyOf = ({ task, position }: Decision): string => JSON.stringify([task, position]);

/** The decisions of each task and position, best first. */
function groupsOf(decisions: readonly Decision[]): Decision[][] {
  const groups = new Map<string, Decision[]>();
  for (const decision of decisions) {
    const group = groups.get(keyOf(decision));
    if (group) group.push(decision);
    else groups.set(keyOf(decision), [decision]);
  }
  return [...groups.values()];
}

/**
 * A lesson's rows. A side of several rows is compared with another row by row, as far as the shorter goes: each of its
 * turns is preferred for what came of the whole.
 * @param rows of the side @param against rows of the side that it is preferred to
 */
export function rowsOfLesson(
  { weight }: Pick<Lesson, 'weight'>,
  rows: readonly DialogueRow[],
  against: readonly DialogueRow[] | null,
): DialogueRow[] {
  if (weight !== undefined) return rows.map((row) => ({ ...row, weight }));
  if (against === null) return [...rows];
  return rows.flatMap((row, index) => {
    const rejected = against[index];
    return rejected ? [{ ...row, rejected }] : [];
  });
}
