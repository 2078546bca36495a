import type { CampaignSpec } from '../../schemas/campaign';
import { stageIdsOf } from '../plan/stageIds';
import { alternatives, quoted } from './describeValue';
import { nearestWord } from './nearestWord';
import type { Path, SpecIssue } from './specIssue';

/** Does each gate stand before a stage of this campaign, and is one thing asked there? */
export function checkGates(spec: CampaignSpec): SpecIssue[] {
  const stages = stageIdsOf(spec);
  return spec.gates.flatMap(({ before }, index): SpecIssue[] => {
    const path: Path = ['gates', index, 'before'];
    const found = quoted(before);
    const first = spec.gates.findIndex((gate) => gate.before === before);
    if (first < index)
      return [{ path, found, expected: `a stage without a gate: gates[${first}] stands before this one` }];
    if (stages.includes(before)) return [];
    const suggestion = nearestWord(before, stages);
    return [
      {
        path,
        found,
        expected: `a stage of this campaign: ${alternatives(stages.map(quoted))}`,
        ...(suggestion === undefined ? {} : { suggestion }),
        related: RELATED,
      },
    ];
  });
}

/** What names the stages. */
const RELATED: readonly Path[] = [['rounds'], ['evaluation'], ['policy', 'base']];
