import type { CampaignSpec } from '../../schemas/campaign';
import { ROLES } from '../../schemas/ledger';
import type { PriceTable } from '../../schemas/price';
import { priceOf } from '../prices/priceTable';
import { alternatives, quoted } from './describeValue';
import { nearestWord } from './nearestWord';
import type { SpecIssue } from './specIssue';

/** Can what is limited be counted in money? And is the GPU one that has a price? */
export const checkPrices = (spec: CampaignSpec, table: PriceTable): SpecIssue[] => [
  ...checkModelPrices(spec, table),
  ...checkGpu(spec, table),
];

function checkModelPrices({ limits, models }: CampaignSpec, table: PriceTable): SpecIssue[] {
  if (!limits.money) return [];
  return ROLES.flatMap((role) => {
    const model = models[role];
    if (!model || model.simulated || priceOf(table, model)) return [];
    return [
      {
        path: ['models', role, 'model'],
        found: `${quoted(model.model)} at ${model.baseUrl}, for which no price is known`,
        expected:
          'a model with a price, since there is a limit on money: put its price, which may be 0, into a table and name that as `prices`',
        related: [['limits', 'money'], ['prices']],
      },
    ];
  });
}

function checkGpu({ execution }: CampaignSpec, { gpus }: PriceTable): SpecIssue[] {
  const { gpu } = execution;
  const known = [...new Set(gpus.map(({ name }) => name))];
  if (gpu === undefined || known.includes(gpu)) return [];
  const suggestion = nearestWord(gpu, known);
  return [
    {
      path: ['execution', 'gpu'],
      found: quoted(gpu),
      expected: `a GPU with a price: ${alternatives(known.map(quoted))}, or one of a table that is named as \`prices\``,
      ...(suggestion === undefined ? {} : { suggestion }),
    },
  ];
}
