import { bookedFor, EVERYTHING, heldFor, moneyLimits } from '../../domain/budget/ledger';
import { dollars } from '../../domain/prices/dollars';
import type { Ledger, Spending } from '../../schemas/ledger';
import type { Plan } from '../../schemas/plan';
import { approximately, count, percent } from './numbers';
import { type Column, textTable } from './textTable';

const COLUMNS: readonly Column[] = [
  { title: 'stage', align: 'left' },
  { title: 'role', align: 'left' },
  { title: 'model', align: 'left' },
  { title: 'calls', align: 'right' },
  { title: 'input', align: 'right' },
  { title: 'cached', align: 'right' },
  { title: 'output', align: 'right' },
  { title: 'reasoning', align: 'right' },
  { title: 'dollars', align: 'right' },
];

/** A campaign's spending by stage, role and model, with tokens by kind, then GPUs, what is held, and the limits. */
export function renderLedger(
  { limits, prices, stages }: Pick<Plan, 'limits' | 'prices' | 'stages'>,
  ledger: Ledger,
  gpuSeconds: number,
): string {
  const order = stages.map(({ id }) => id);
  const rows = [...ledger.spending].sort((a, b) => order.indexOf(a.stage) - order.indexOf(b.stage));
  const held = heldFor(ledger, EVERYTHING);
  const gpu = prices?.gpu;
  return [
    ...textTable(COLUMNS, [...rows.map(cellsOf), totalOf(rows)]),
    '',
    ...(gpu
      ? [
          `GPU: ${(gpuSeconds / 3600).toFixed(2)} hours of ${gpu.name}, ${dollars(Math.round(gpuSeconds * gpu.nanodollarsPerSecond))}; not in the limits.`,
        ]
      : []),
    ...(held.calls > 0
      ? [
          `${dollars(held.nanodollars)} is held for ${count(held.calls)} calls at worst: by workers that run, or that were killed. \`--reconcile\` puts the provider's count in its place.`,
        ]
      : []),
    ...moneyLimits(limits).map(({ setting, nanodollars, counts }) => {
      const booked = bookedFor(ledger, counts).nanodollars;
      return `${setting}: ${dollars(booked)} of ${dollars(nanodollars)} (${percent(booked / Math.max(1, nanodollars))})`;
    }),
    ...(prices ? [`Prices of ${prices.date}. ${prices.source}`] : []),
  ].join('\n');
}

const cellsOf = ({ stage, role, model, batch, ...spent }: Spending): string[] => [
  stage,
  role,
  batch ? `${model}, batch` : model,
  count(spent.calls),
  approximately(spent.inputTokens),
  approximately(spent.cachedTokens),
  approximately(spent.outputTokens),
  approximately(spent.reasoningTokens),
  dollars(spent.nanodollars),
];

function totalOf(rows: readonly Spending[]): string[] {
  const total = (of: (row: Spending) => number) => rows.reduce((sum, row) => sum + of(row), 0);
  return [
    'in all',
    '',
    '',
    count(total(({ calls }) => calls)),
    approximately(total(({ inputTokens }) => inputTokens)),
    approximately(total(({ cachedTokens }) => cachedTokens)),
    approximately(total(({ outputTokens }) => outputTokens)),
    approximately(total(({ reasoningTokens }) => reasoningTokens)),
    dollars(total(({ nanodollars }) => nanodollars)),
  ];
}
