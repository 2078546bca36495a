import type { CampaignSpec } from '../../schemas/campaign';
import type { ModelSpec } from '../../schemas/model';

/** The models that a campaign asks; its policies are not among them. */
export const modelsOf = ({ models }: CampaignSpec): ModelSpec[] =>
  Object.values(models).flatMap((model) => model ?? []);

export const isSimulated = (spec: CampaignSpec): boolean => modelsOf(spec).some((model) => model.simulated);
