import type { StageForecast } from '../../domain/plan/forecast/forecastPlan';
import type { StageCost } from '../../schemas/plan';
import { approximately, count } from './numbers';
import { type Column, textTable } from './textTable';

const COLUMNS: readonly Column[] = [
  { title: 'stage', align: 'left' },
  { title: 'calls expected', align: 'right' },
  { title: 'made', align: 'right' },
  { title: 'off by', align: 'right' },
  { title: 'tokens expected', align: 'right' },
  { title: 'taken', align: 'right' },
  { title: 'off by', align: 'right' },
];

/** A finished stage: what was expected of it, and what it took. */
export interface Compared {
  stage: string;
  expected: { calls: number; tokens: number };
  actual: { calls: number; tokens: number };
}

export const compareStage = ({ stage, asking }: StageForecast, cost: StageCost): Compared => {
  const total = (of: (one: (typeof asking)[number]) => number) =>
    asking.reduce((sum, one) => sum + of(one), 0);
  return {
    stage,
    expected: {
      calls: Math.round(total(({ calls }) => calls.expected)),
      tokens: Math.round(total((one) => one.inputTokens.expected + one.outputTokens.expected)),
    },
    actual: { calls: cost.calls, tokens: cost.inputTokens + cost.outputTokens },
  };
};

/** How far off the plan was, stage by stage and in all. Stages that ask nobody are left out. */
export function renderComparison(stages: readonly Compared[]): string {
  const asking = stages.filter(({ expected, actual }) => expected.calls > 0 || actual.calls > 0);
  const total = (of: (one: Compared) => number) => asking.reduce((sum, one) => sum + of(one), 0);
  const all: Compared = {
    stage: 'in all',
    expected: {
      calls: total(({ expected }) => expected.calls),
      tokens: total(({ expected }) => expected.tokens),
    },
    actual: { calls: total(({ actual }) => actual.calls), tokens: total(({ actual }) => actual.tokens) },
  };
  return textTable(COLUMNS, [...asking, all].map(cellsOf)).join('\n');
}

const cellsOf = ({ stage, expected, actual }: Compared): string[] => [
  stage,
  count(expected.calls),
  count(actual.calls),
  offBy(expected.calls, actual.calls),
  approximately(expected.tokens),
  approximately(actual.tokens),
  offBy(expected.tokens, actual.tokens),
];

function offBy(expected: number, actual: number): string {
  if (actual === 0) return '·';
  const share = Math.round(100 * (expected / actual - 1));
  return `${share > 0 ? '+' : ''}${share} %`;
}
