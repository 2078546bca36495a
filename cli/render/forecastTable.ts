import { type PlanForecast, moneyFor } from '../../domain/plan/forecast/forecastPlan';
import type { Asking } from '../../domain/plan/forecast/asking';
import { type Range, sumRanges } from '../../domain/plan/forecast/range';
import { dollars } from '../../domain/prices/dollars';
import type { Plan } from '../../schemas/plan';
import { duration } from './duration';
import { approximately } from './numbers';
import { type Column, textTable } from './textTable';

const COLUMNS: readonly Column[] = [
  { title: 'asked', align: 'left' },
  { title: 'calls', align: 'right' },
  { title: 'input tokens', align: 'right' },
  { title: 'output tokens', align: 'right' },
  { title: 'dollars', align: 'right' },
];

/** What a campaign is expected to take, by role: what is to be expected, and between what bounds. */
export function renderForecast(forecast: PlanForecast, plan: Pick<Plan, 'prices' | 'batching'>): string {
  const asking = forecast.stages.flatMap((stage) => stage.asking);
  const names = [...new Set(asking.map(nameOf))];
  const rows = names.map((name) => {
    const own = asking.filter((one) => nameOf(one) === name);
    const money = sumRanges(own.map((one) => moneyFor(one, plan)));
    return [name, ...cellsOf(own), money.high === 0 ? '·' : between(money, dollars)];
  });
  const total = ['in all', ...cellsOf(asking), between(forecast.models, dollars)];
  const { prices } = plan;
  const { training, serving, devices, accelerator, seconds, unpriced } = forecast;
  const device = accelerator === 'cpu-core' ? 'a CPU core' : accelerator;
  return [
    ...textTable(COLUMNS, [...rows, total]),
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

const cellsOf = (asking: readonly Asking[]): string[] =>
  (['calls', 'inputTokens', 'outputTokens'] as const).map((kind) =>
    between(sumRanges(asking.map((one) => one[kind])), (value) => approximately(Math.round(value))),
  );

const between = ({ low, expected, high }: Range, text: (value: number) => string): string =>
  `${text(expected)} (${text(low)} – ${text(high)})`;

const hours = (seconds: number): string => (seconds / 3600).toFixed(seconds < 36_000 ? 2 : 0);
