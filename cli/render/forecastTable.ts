import { type PlanForecast, moneyFor } from '../../domain/plan/forecast/forecastPlan';
import type { Asking } from '../../domain/plan/forecast/asking';
import { type Range, sumRanges } from '../../domain/plan/forecast/range';
import { dollars } from '../../domain/prices/dollars';
import type { Plan } from '../../schemas/plan';
import { duration } from './duration';
import { approximately } from './numbers';
import { type Column, tableWidth, textTable } from './textTable';

const COLUMNS: readonly Column[] = [
  { title: 'asked', align: 'left' },
  { title: 'calls', align: 'right' },
  { title: 'input tokens', align: 'right' },
  { title: 'output tokens', align: 'right' },
  { title: 'dollars', align: 'right' },
];

/** What a campaign is expected to take, by role: what is to be expected, and between what bounds. */
export function renderForecast(
  forecast: PlanForecast,
  plan: Pick<Plan, 'prices' | 'batching'>,
  width: number,
): string {
  const asking = forecast.stages.flatMap((stage) => stage.asking);
  const names = [...new Set(asking.map(nameOf))];
  const rows = names.map((name): Row => {
    const own = asking.filter((one) => nameOf(one) === name);
    const money = sumRanges(own.map((one) => moneyFor(one, plan)));
    return { name, cells: [...cellsOf(own), money.high === 0 ? null : inText(money, dollars)] };
  });
  const total = { name: 'in all', cells: [...cellsOf(asking), inText(forecast.models, dollars)] };
  const { prices } = plan;
  const { training, serving, devices, accelerator, seconds, unpriced } = forecast;
  const device = accelerator === 'cpu-core' ? 'a CPU core' : accelerator;
  return [
    ...fittingTable([...rows, total], width),
    '',
    `Training: ${between(training, hours)} hours of ${device}. Serving policies while they play: ${between(serving, hours)}.${devices ? ` Together ${between(devices, dollars)}.` : ''}`,
    `Time: ${between(seconds, duration)}, without limits of providers and people.`,
    ...unpriced.map(
      (model) => `No price is known for ${model}: put one into a table and name that as \`prices\`.`,
    ),
    ...(prices ? [`Prices of ${prices.date}. ${prices.source}`] : []),
    'Lengths of conversations and speeds are assumed (domain/plan/forecast); `plan --compare CAMPAIGN` shows how far off that was.',
  ].join('\n');
}

const nameOf = ({ role, model }: Asking): string => (model ? `${role}: ${model.model}` : 'policies');

/** Of each kind: expected, at least, at most. */
const cellsOf = (asking: readonly Asking[]): Bounds[] =>
  (['calls', 'inputTokens', 'outputTokens'] as const).map((kind) =>
    inText(sumRanges(asking.map((one) => one[kind])), (value) => approximately(Math.round(value))),
  );

type Bounds = Record<keyof Range, string>;

interface Row {
  name: string;
  /** Null where there is nothing to tell. */
  cells: (Bounds | null)[];
}

/** Bounds behind what is expected; in a narrow terminal below it. */
function fittingTable(rows: readonly Row[], width: number): string[] {
  const wide = rows.map(({ name, cells }) => [name, ...cells.map((cell) => (cell ? behind(cell) : NOTHING))]);
  if (tableWidth(COLUMNS, wide) <= width) return textTable(COLUMNS, wide);
  const narrow = rows.flatMap(({ name, cells }) => [
    [name, ...cells.map((cell) => cell?.expected ?? NOTHING)],
    ['  at least', ...cells.map((cell) => cell?.low ?? NOTHING)],
    ['  at most', ...cells.map((cell) => cell?.high ?? NOTHING)],
  ]);
  return textTable(COLUMNS, narrow);
}

const NOTHING = '·';

const inText = ({ low, expected, high }: Range, text: (value: number) => string): Bounds => ({
  low: text(low),
  expected: text(expected),
  high: text(high),
});

const behind = ({ low, expected, high }: Bounds): string => `${expected} (${low} – ${high})`;

const between = (range: Range, text: (value: number) => string): string => behind(inText(range, text));

const hours = (seconds: number): string => (seconds / 3600).toFixed(seconds < 36_000 ? 2 : 0);
