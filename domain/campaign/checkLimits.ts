import type { CampaignSpec } from '../../schemas/campaign';
import { alternatives, quoted } from './describeValue';
import { nearestWord } from './nearestWord';
import type { SpecIssue } from './specIssue';

/** Are the rounds that have a limit on money rounds of this campaign? */
export function checkLimits({ limits, rounds }: CampaignSpec): SpecIssue[] {
  const names = rounds.map(({ name }) => name);
  return Object.keys(limits.money?.rounds ?? {}).flatMap((round): SpecIssue[] => {
    if (names.includes(round)) return [];
    const suggestion = nearestWord(round, names);
    return [
      {
        path: ['limits', 'money', 'rounds', round],
        found: `a limit for ${quoted(round)}`,
        expected: `the name of a round: ${alternatives(names.map(quoted))}`,
        ...(suggestion === undefined ? {} : { suggestion }),
        related: [['rounds']],
      },
    ];
  });
}
