import type { Range } from './range';

/** How those who take part conduct themselves: what no plan says, and calls and tokens depend on. */
export interface Conduct {
  /** Turns of a conversation whose rules allow `maxTurns`. */
  turns(maxTurns: number): Range;
  /** Bytes of what is said in a turn. */
  speech: Range;
  /** Bytes of a task's scenario, and of each goal. */
  scenario: Range;
  goal: Range;
  /** Tokens of a judge's answer. */
  judgement: Range;
  /** Tokens of an author's answer, and answers for a task that is taken. */
  task: Range;
  attempts: Range;
  /** Calls for one answer that can be read. */
  repairs: Range;
}

const share = (low: number, expected: number, high: number) => (maxTurns: number) => ({
  low: Math.max(1, low * maxTurns),
  expected: Math.max(1, expected * maxTurns),
  high: Math.max(1, high * maxTurns),
});

/**
 * Of large language models, assumed: Sotopia's published conversations mostly use up their 20 turns or end a few
 * before, with a sentence or two a turn; its judge gives a reason for each of 14 scores.
 */
export const MODELS: Conduct = {
  turns: share(0.45, 0.75, 1),
  speech: { low: 90, expected: 150, high: 260 },
  scenario: { low: 120, expected: 220, high: 400 },
  goal: { low: 120, expected: 220, high: 400 },
  judgement: { low: 450, expected: 700, high: 1000 },
  task: { low: 180, expected: 250, high: 350 },
  attempts: { low: 1, expected: 1.15, high: 1.5 },
  repairs: { low: 1, expected: 1.02, high: 1.1 },
};

/** Of the simulator's programs, measured (docs/benchmarks.md): they come to terms or part within a few short turns. */
export const PROGRAMS: Conduct = {
  turns: (maxTurns) => ({
    low: Math.min(maxTurns, 3.5),
    expected: Math.min(maxTurns, 4.6),
    high: Math.min(maxTurns, 6),
  }),
  speech: { low: 14, expected: 24, high: 36 },
  scenario: { low: 15, expected: 25, high: 50 },
  goal: { low: 20, expected: 35, high: 60 },
  judgement: { low: 340, expected: 390, high: 440 },
  task: { low: 60, expected: 70, high: 80 },
  attempts: { low: 1, expected: 1.06, high: 1.3 },
  repairs: { low: 1, expected: 1, high: 1.02 },
};
