import type { CampaignSpec } from '../../schemas/campaign';
import type { SpecIssue } from './specIssue';

/** Models that reason refuse to be sampled otherwise than by default: a value that is not sent would only look so. */
export const checkReasoning = ({ models }: CampaignSpec): SpecIssue[] =>
  Object.entries(models).flatMap(([role, model]) =>
    (['temperature', 'topP'] as const).flatMap((setting) =>
      model?.reasoning === undefined || model.sampling[setting] === 1
        ? []
        : [
            {
              path: ['models', role, 'sampling', setting],
              found: String(model.sampling[setting]),
              expected: '1, or nothing: a model that reasons takes no other',
              related: [['models', role, 'reasoning']],
            },
          ],
    ),
  );
