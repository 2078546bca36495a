import type { CampaignSpec } from '../../schemas/campaign';
import { quoted } from './describeValue';
import type { SpecIssue } from './specIssue';

/** Can the splits be filled from where the tasks come from? */
export const checkTasks = (spec: CampaignSpec): SpecIssue[] => [
  ...checkAuthor(spec),
  ...checkImport(spec),
  ...checkPools(spec),
];

function checkAuthor({ models, tasks }: CampaignSpec): SpecIssue[] {
  if (tasks.generate === undefined || models.author !== undefined) return [];
  return [
    {
      path: ['models', 'author'],
      found: 'nothing',
      expected: 'the model that writes tasks, since tasks.generate asks for some',
      related: [['tasks', 'generate']],
    },
  ];
}

function checkImport({ tasks }: CampaignSpec): SpecIssue[] {
  const use = tasks.import?.use;
  if (use === undefined || use === 'both' || tasks.generate !== undefined) return [];
  const unfilled = use === 'training' ? 'the evaluation' : 'the rounds';
  return [
    {
      path: ['tasks', 'import', 'use'],
      found: quoted(use),
      expected: `"both", or tasks.generate beside it: nothing else gives tasks to ${unfilled}`,
      related: [['tasks', 'generate']],
    },
  ];
}

function checkPools({ tasks }: CampaignSpec): SpecIssue[] {
  const names = (tasks.generate?.pools ?? []).map((pool) => pool.name);
  return names.flatMap((name, index) => {
    const first = names.indexOf(name);
    if (first === index) return [];
    return [
      {
        path: ['tasks', 'generate', 'pools', index, 'name'],
        found: quoted(name),
        expected: `a name of its own: pools[${first}] has this one`,
        related: [['tasks', 'generate', 'pools', first]],
      },
    ];
  });
}
