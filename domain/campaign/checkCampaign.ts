import type { CampaignSpec } from '../../schemas/campaign';
import { checkGates } from './checkGates';
import { checkLimits } from './checkLimits';
import { checkModels } from './checkModels';
import { checkReasoning } from './checkReasoning';
import { checkRounds } from './checkRounds';
import { checkTasks } from './checkTasks';
import type { SpecIssue } from './specIssue';

/**
 * The rules between the parts of a campaign that the schema cannot say: names that refer to rounds, tasks that can be
 * filled, models and templates that fit. Empty when the campaign can be planned.
 */
export const checkCampaign = (spec: CampaignSpec): SpecIssue[] => [
  ...checkRounds(spec),
  ...checkTasks(spec),
  ...checkModels(spec),
  ...checkReasoning(spec),
  ...checkLimits(spec),
  ...checkGates(spec),
];
