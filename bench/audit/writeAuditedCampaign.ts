import { campaignKey, resultKey } from '../../artifacts/documentKeys';
import { stageStatement } from '../../activities/support/manifest';
import type { StageOutcome } from '../../activities/support/stageWork';
import { canonicalJson, digestOfJson, sha256 } from '../../artifacts/canonicalJson';
import { PAYLOAD_TYPES, signText } from '../../artifacts/signing/envelope';
import { planCampaign } from '../../domain/plan/planCampaign';
import { stageKeyMaterial } from '../../domain/plan/stageKey';
import type { ArtifactRef } from '../../schemas/artifact';
import type { CampaignRecord } from '../../schemas/campaignRecord';
import { MEDIA_TYPES } from '../../schemas/names';
import type { Plan, Stage, StageResult } from '../../schemas/plan';
import { BucketFolder, LogFolder } from './bucketFolder';
import { specOf, type Sizes } from './campaignSpec';
import { StageMaker } from './stageMaker';

const TRAINER = sha256('a trainer');
const BUILD = {
  version: '0.0.0-bench',
  commit: null,
  trainer: TRAINER,
  packages: sha256('packages'),
  prompts: {},
};

export interface AuditedFolder {
  campaign: string;
  /** Of the bucket's blobs. */
  bytes: number;
  blobs: number;
}

/**
 * Writes the bucket of a finished campaign of two rounds as a folder. Nobody has played or trained it, and yet all of
 * it is consistent: filters, statistics, keys, manifests and log are made from what it says by the code that campaigns
 * use, so that verification finds nothing.
 */
export function writeAuditedCampaign(folder: string, campaign: string, sizes: Sizes): AuditedFolder {
  const bucket = new BucketFolder(folder);
  const files = ['policy.base.directory', 'tasks.profiles.agents', 'tasks.import.environments'];
  const policy = bucket.json({ files: [] }, 'policy', MEDIA_TYPES.directory);
  const plan = planCampaign(
    campaign,
    specOf(sizes),
    Object.fromEntries(
      files.map((file, index) => [
        file,
        index === 0 ? policy : bucket.blob(`${file}\n`, file, MEDIA_TYPES.binary),
      ]),
    ),
  );
  const stored = bucket.json(plan, 'plan.json', MEDIA_TYPES.plan);
  const log = new LogFolder(bucket, campaign, Date.parse('2026-11-20T08:00:00Z'));
  log.append({ kind: 'campaign-started', plan: stored.digest.sha256, parent: null });
  const results = new Map<string, StageResult>();
  const maker = new StageMaker(bucket, sizes);
  for (const stage of plan.stages)
    results.set(stage.id, runStage({ bucket, log, plan, stored, stage, results, maker, campaign }));
  const table = results.get('results')?.outputs['results'];
  if (!table) throw new Error('the plan has no results');
  const stages = [...results].map(([id, { key }]) => ({ id, key }));
  log.append({ kind: 'campaign-finished', results: table.digest.sha256, stages });
  bucket.document(campaignKey(campaign), recordOf(campaign, stored, table, plan, results));
  return { campaign, bytes: bucket.bytes, blobs: bucket.blobs };
}

interface Running {
  bucket: BucketFolder;
  log: LogFolder;
  plan: Plan;
  stored: ArtifactRef;
  stage: Stage;
  results: ReadonlyMap<string, StageResult>;
  maker: StageMaker;
  campaign: string;
}

function runStage({ bucket, log, stored, stage, results, maker, campaign }: Running): StageResult {
  const inputs = Object.fromEntries(
    Object.entries(stage.inputs).map(([role, from]) => [role, outputOf(results, from)]),
  );
  const digests = Object.fromEntries(Object.entries(inputs).map(([role, ref]) => [role, ref.digest.sha256]));
  const key = digestOfJson(stageKeyMaterial(stage.kind, stage.parameters, digests, TRAINER));
  log.append({ kind: 'stage-started', stage: stage.id, key });
  const startedAt = log.now();
  const outcome: StageOutcome = maker.make(stage, inputs);
  const statement = stageStatement({
    ...outcome,
    campaign,
    plan: stored.digest.sha256,
    planUri: stored.uri,
    stage: stage.id,
    key,
    inputs,
    kind: stage.kind,
    parameters: stage.parameters,
    build: BUILD,
    invocation: `default/campaign/${campaign}/run/1/1`,
    startedAt,
    finishedAt: startedAt,
    seconds: 1,
    log: log.head,
  });
  const envelope = signText(canonicalJson(statement), PAYLOAD_TYPES.statement, bucket.key);
  const manifest = bucket.json(envelope, 'manifest.json', MEDIA_TYPES.signedManifest);
  const { outputs, counts, cost } = outcome;
  const result: StageResult = { key, outputs, counts, cost, seconds: 1, manifest };
  bucket.document(resultKey(key), result);
  log.append({
    kind: 'stage-finished',
    stage: stage.id,
    key,
    manifest: manifest.digest.sha256,
    reused: false,
    calls: 0,
  });
  return result;
}

function outputOf(results: ReadonlyMap<string, StageResult>, from: Stage['inputs'][string]): ArtifactRef {
  const output = results.get(from.stage)?.outputs[from.output];
  if (!output) throw new Error(`stage ${from.stage} has no output ${from.output}`);
  return output;
}

const recordOf = (
  campaign: string,
  plan: ArtifactRef,
  results: ArtifactRef,
  { stages }: Plan,
  made: ReadonlyMap<string, StageResult>,
): CampaignRecord => ({
  campaign,
  plan: plan.digest.sha256,
  results,
  stages: stages.flatMap(({ id, inputs }) => {
    const result = made.get(id);
    if (!result) return [];
    const { key, outputs, counts, cost, seconds } = result;
    const after = [...new Set(Object.values(inputs).map(({ stage }) => stage))];
    return [{ id, key, outputs, counts, cost, seconds, reused: false, after }];
  }),
});
