import type { AuditedCampaign, AuditedStage } from './readCampaign';
import { inputOf, outputOf } from './readManifest';

/** The stage that made an artifact; undefined for what came from outside. */
export const makerOf = ({ stages }: AuditedCampaign, digest: string): AuditedStage | undefined =>
  stages.find(({ manifest }) =>
    manifest.statement.subject.some((one) => 'sha256' in one.digest && one.digest.sha256 === digest),
  );

/** A stage of the campaign by its id. */
export const stageNamed = ({ stages }: AuditedCampaign, id: string): AuditedStage | undefined =>
  stages.find((stage) => stage.id === id);

/** The stage and all whose outputs it was made from, in the plan's order. */
export function upstreamOf(campaign: AuditedCampaign, stage: AuditedStage): AuditedStage[] {
  const found = new Set([stage]);
  for (const one of found) {
    for (const role of Object.keys(plannedInputs(campaign, one.id))) {
      const maker = makerOf(campaign, inputOf(one.manifest.statement, role) ?? '');
      if (maker) found.add(maker);
    }
  }
  return campaign.stages.filter((one) => found.has(one));
}

/** Digest of the policy that was evaluated under a name, such as a round's; undefined for references without one. */
export function policyNamed(campaign: AuditedCampaign, name: string): string | undefined {
  const evaluation = stageNamed(campaign, `evaluate/${name}`);
  return evaluation && inputOf(evaluation.manifest.statement, 'policy');
}

/** Digest of the campaign's result table; undefined until it is there. */
export function resultsOf(campaign: AuditedCampaign): string | undefined {
  const stage = campaign.stages.find(({ kind }) => kind === 'compareEvaluations');
  return stage && outputOf(stage.manifest.statement, 'results');
}

const plannedInputs = ({ plan }: AuditedCampaign, id: string): Record<string, unknown> =>
  plan.plan.stages.find((stage) => stage.id === id)?.inputs ?? {};
