import { campaignKey, logFolder } from '../../artifacts/documentKeys';
import { canonicalJson, digestOfJson } from '../../artifacts/canonicalJson';
import { blobKey } from '../../artifacts/blobKey';
import { decidingParameters, STAGE_REVISIONS, stageKeyMaterial } from '../../domain/plan/stageKey';
import type { ArtifactRef } from '../../schemas/artifact';
import type { Stage } from '../../schemas/plan';
import { inputOf, kindOf } from '../readManifest';
import type { Findings } from './findings';
import { type LoadedCampaign, type LoadedStage } from './loadCampaign';

/** What happened is what was planned, and each result is the one that its signed manifest tells of. */
export function checkPlan(campaign: LoadedCampaign, findings: Findings): void {
  for (const stage of campaign.stages) {
    findings.looked();
    checkResult(stage, findings);
    checkStage(campaign, stage, findings);
  }
  checkAllFinished(campaign, findings);
  checkRecorded(campaign, findings);
}

function checkResult(
  { id, key, resultKey, result, manifest, logged }: LoadedStage,
  findings: Findings,
): void {
  const wrong = (what: string) => findings.fail(resultKey, `The result of stage ${id} ${what}.`);
  if (result.key !== key) wrong(`says that it is of key ${result.key}`);
  if (logged !== null && result.manifest.digest.sha256 !== logged)
    wrong(`names manifest ${result.manifest.digest.sha256}; the log names ${logged}`);
  if (!manifest) return;
  const { subject, predicate } = manifest.statement;
  const told = predicate.buildDefinition.internalParameters;
  const isTold = (one: unknown, other: unknown) => canonicalJson(one) === canonicalJson(other);
  if (told.key !== key) wrong(`has a manifest of key ${told.key}`);
  if (!isTold(told.counts, result.counts)) wrong('has other counts than its manifest');
  if (!isTold(told.cost, result.cost)) wrong('has another cost than its manifest');
  if (manifest.envelope && told.seconds !== result.seconds) wrong('took another time than its manifest says');
  const written = subject.map(({ name, digest, mediaType, uri }) => [name, { digest, mediaType, uri }]);
  if (!isTold(Object.fromEntries(written), describe(result.outputs)))
    wrong('has other outputs than its manifest');
}

const describe = (outputs: Record<string, ArtifactRef>) =>
  Object.fromEntries(
    Object.entries(outputs).map(([role, { digest, mediaType, uri }]) => [role, { digest, mediaType, uri }]),
  );

function checkStage({ plan, stages }: LoadedCampaign, stage: LoadedStage, findings: Findings): void {
  const planned = plan?.stages.find(({ id }) => id === stage.id);
  const { manifest } = stage;
  if (!planned || !manifest) return;
  const object = blobKey(manifest.digest);
  const { statement } = manifest;
  const { externalParameters, resolvedDependencies } = statement.predicate.buildDefinition;
  const wrong = (what: string) => findings.fail(object, `The manifest of stage ${stage.id} ${what}.`);
  if (kindOf(statement) !== planned.kind) wrong(`is of a ${kindOf(statement)}; planned is a ${planned.kind}`);
  const [told, asked] = [externalParameters.parameters, planned.parameters].map((one) =>
    canonicalJson(decidingParameters(one)),
  );
  if (told !== asked) wrong('has other parameters than the plan');
  const inputs: Record<string, string> = {};
  for (const [role, { stage: from, output }] of Object.entries(planned.inputs)) {
    const given = stages.find(({ id }) => id === from)?.result.outputs[output]?.digest.sha256;
    const read = inputOf(statement, role);
    if (read !== undefined) inputs[role] = read;
    if (given !== undefined && read !== given)
      wrong(`read ${read ?? 'nothing'} as "${role}"; ${output} of stage ${from} is ${given}`);
  }
  const trainer = resolvedDependencies.find(({ name }) => name === 'trainer')?.digest;
  if (trainer && 'sha256' in trainer) {
    const keys = keysOf(planned, inputs, trainer.sha256);
    if (!keys.includes(stage.key))
      wrong(`has inputs and parameters of key ${keys.at(-1)}, and stands for ${stage.key}`);
  }
}

/** Keys that the code of this and of earlier releases gives, the present one last. */
function keysOf(
  { kind, parameters }: Pick<Stage, 'kind' | 'parameters'>,
  inputs: Record<string, string>,
  trainer: string,
): string[] {
  const material = stageKeyMaterial(kind, parameters, inputs, trainer);
  const revisions = Array.from({ length: STAGE_REVISIONS[kind] }, (_, index) => index + 1);
  return revisions.map((revision) => digestOfJson({ ...material, revision }));
}

/** The record repeats what the results say. */
function checkRecorded({ id, record, stages }: LoadedCampaign, findings: Findings): void {
  for (const told of record?.stages ?? []) {
    const result = stages.find(({ key }) => key === told.key)?.result;
    if (!result) continue;
    const [said, is] = [told, result].map(({ seconds, outputs, counts, cost }) =>
      canonicalJson({ seconds, outputs, counts, cost }),
    );
    if (said !== is)
      findings.fail(campaignKey(id), `The record says of stage ${told.id} what its result does not say.`);
  }
}

function checkAllFinished(
  { id, plan, record, log, stages, isDropped }: LoadedCampaign,
  findings: Findings,
): void {
  const hasFinished = record !== null || log.some(({ entry }) => entry.event.kind === 'campaign-finished');
  if (!plan || !hasFinished || isDropped) return;
  const there = new Set(stages.map((stage) => stage.id));
  const recorded = new Set(record?.stages.map((stage) => stage.id));
  for (const stage of plan.stages) {
    if (!there.has(stage.id))
      findings.fail(logFolder(id), `Stage ${stage.id} was planned, and never finished.`);
    if (record && !recorded.has(stage.id))
      findings.fail(campaignKey(id), `Stage ${stage.id} was planned, and is missing in the record.`);
  }
}
