import type { CampaignSpec } from '../../schemas/campaign';
import type { Plan } from '../../schemas/plan';
import type { ModelPolicy, NamedModel, SnapshotPolicy } from '../../schemas/snapshot';

/** The stricter first: a model that plays several roles is treated as the strictest of them demands. */
const BY_STRICTNESS: readonly SnapshotPolicy[] = ['stop', 'bridge', 'accept'];

/** What a plan says of the campaign's models: those that stop are not listed. */
export function planSnapshots({ models }: Pick<CampaignSpec, 'models'>): Pick<Plan, 'snapshotPolicies'> {
  const found = new Map<string, ModelPolicy>();
  for (const { baseUrl, model, onSnapshotChange } of Object.values(models).filter(
    (one) => one !== undefined,
  )) {
    const id = modelId({ baseUrl, model });
    const before = found.get(id)?.policy ?? 'accept';
    const policy = BY_STRICTNESS.find((one) => one === before || one === onSnapshotChange) ?? 'stop';
    found.set(id, { baseUrl, model, policy });
  }
  const listed = [...found.values()].filter(({ policy }) => policy !== 'stop');
  return listed.length === 0 ? {} : { snapshotPolicies: listed };
}

export const policyFor = (model: NamedModel, policies: readonly ModelPolicy[] = []): SnapshotPolicy =>
  policies.find((one) => modelId(one) === modelId(model))?.policy ?? 'stop';

export const modelId = ({ baseUrl, model }: NamedModel): string => JSON.stringify([baseUrl, model]);
