import type { GenerationPlan, GenerationState } from './generation';
import type { ImportedPlacement, SplitDemand } from './splits';
import { rejectionsOf } from './taskReport';

/** Why there is no task set; the code is one of the failure types of schemas/names. */
export interface TaskFailure {
  code: 'SPEC_INVALID' | 'TASKS_EXHAUSTED';
  /** What happened, to what, with numbers. */
  message: string;
  /** What to do. */
  hint: string;
}

export function nothingReadable(
  file: string,
  what: 'agents' | 'example tasks',
  needed: number,
  found: number,
): TaskFailure {
  return {
    code: 'SPEC_INVALID',
    message: `${file}: at least ${needed} readable ${what} needed, found ${found}`,
    hint: 'Correct the file; the report lists what is wrong with each line.',
  };
}

export function importedTooFew(missing: readonly SplitDemand[], placement: ImportedPlacement): TaskFailure {
  const { placed, left, keptOut } = placement;
  return {
    code: 'TASKS_EXHAUSTED',
    message:
      `the imported tasks do not fill the splits: ${listMissing(missing)} missing; ${placed.length} placed, ` +
      `${left.length} not allowed here by \`use\`, ${keptOut.length} kept out as near duplicates of the other side`,
    hint: 'Import more tasks, ask for fewer, change `use`, or give tasks.generate so that the rest is written.',
  };
}

export function generationExhausted(
  plan: GenerationPlan,
  state: GenerationState,
  missing: readonly SplitDemand[],
): TaskFailure {
  const keywordsLeft = state.queues.reduce((sum, queue) => sum + queue.length, 0);
  const reasons = rejectionsOf(state).map(({ reason, count }) => `${count} ${reason}`);
  const tried =
    state.round >= plan.attemptsPerTask ? `${state.round} attempts per task` : 'all keywords were tried';
  return {
    code: 'TASKS_EXHAUSTED',
    message:
      `${state.accepted.length} of ${plan.slots} tasks were accepted (for ${listMissing(missing)}) when ${tried}` +
      `${state.round >= plan.attemptsPerTask ? ' were used up' : ''}; rejected: ${reasons.join(', ') || 'none'}; ` +
      `keywords left: ${keywordsLeft}`,
    hint:
      keywordsLeft === 0
        ? 'Give more keywords: a task uses one up, and a keyword is given up after three rejected tasks.'
        : 'Read the examples of rejections in the report; then raise attemptsPerTask, or maxSimilarity if near duplicates dominate, or ask for fewer tasks.',
  };
}

const listMissing = (missing: readonly SplitDemand[]): string =>
  missing
    .filter(({ tasks }) => tasks > 0)
    .map(({ name, tasks }) => `${name} ${tasks}`)
    .join(', ');
