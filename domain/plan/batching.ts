import type { CampaignSpec } from '../../schemas/campaign';
import type { Plan } from '../../schemas/plan';

/** Which models are asked by batches: said of the plan as a whole, since no stage's result depends on it. */
export function planBatching({ judge, author }: CampaignSpec['models']): Pick<Plan, 'batching'> {
  const batching = {
    ...(judge.batch && { judge: judge.batch }),
    ...(author?.batch && { author: author.batch }),
  };
  return Object.keys(batching).length > 0 ? { batching } : {};
}
