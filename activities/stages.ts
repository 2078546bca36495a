import { campaignKey, resultKey } from '../artifacts/documentKeys';
import { Context } from '@temporalio/activity';
import { stageKeyMaterial } from '../domain/plan/stageKey';
import { isWithinLimits } from '../domain/plan/withinLimits';
import type { CampaignRecord } from '../schemas/campaignRecord';
import type { ArtifactRef } from '../schemas/artifact';
import { MEDIA_TYPES } from '../schemas/names';
import { type Plan, StageResult } from '../schemas/plan';
import type { ArtifactStore } from '../artifacts/artifactStore';
import { readLogHead } from '../artifacts/campaignLog';
import { canonicalJson, digestOfJson } from '../artifacts/canonicalJson';
import { PAYLOAD_TYPES, signText } from '../artifacts/signing/envelope';
import type { SigningKey } from '../artifacts/signing/signingKey';
import { noteReused } from './models/snapshots/noteReused';
import { type BuildIdentity, stageStatement } from './support/manifest';
import type { Plans, StageOutcome, StageWork } from './support/stageWork';

export interface StageDependencies {
  store: ArtifactStore;
  plans: Plans;
  build: BuildIdentity;
  signingKey: SigningKey;
}

export type OpenStageInput = Omit<StageWork, 'key'>;

export interface OpenedStage {
  key: string;
  /** Set when a stage of this key was finished before, in whichever campaign. */
  finished: StageResult | null;
}

export interface CommitStageInput extends StageWork, StageOutcome {
  startedAt: string;
  finishedAt: string;
}

/** What the workflow needs of a plan; the parameters stay in the store. */
export interface PlanOutline {
  stages: {
    id: string;
    kind: string;
    inputs: Record<string, { stage: string; output: string }>;
    episodes: number;
    /** What is asked before the stage may start; null when nothing is. */
    gate: string | null;
  }[];
  episodesInFlight: number;
  /** Calls of models that the campaign may make; null: no limit. */
  modelCalls: number | null;
  /** Nanodollars that it may spend on them; null or nothing: no limit. */
  money?: number | null;
  /** True since it is noted which snapshots of models answer: 0.4.0. */
  notesSnapshots?: boolean;
  /** Models that are asked by batches. */
  batching?: Plan['batching'];
}

export function createStageActivities({ store, plans, build, signingKey }: StageDependencies) {
  return {
    async loadPlan({ plan }: { plan: string }): Promise<PlanOutline> {
      const { stages, episodesInFlight, limits, batching } = await plans.load(plan);
      return {
        stages: stages.map(({ id, kind, inputs, estimate, gate }) => ({
          id,
          kind,
          inputs,
          episodes: estimate.episodes,
          gate,
        })),
        episodesInFlight,
        modelCalls: limits.modelCalls,
        money: limits.money?.campaign ?? null,
        notesSnapshots: true,
        ...(batching && { batching }),
      };
    },

    /** The stage's key, and its result if it was computed before. */
    async openStage({ campaign, plan, stage: id, inputs }: OpenStageInput): Promise<OpenedStage> {
      const { kind, parameters } = await plans.stage(plan, id);
      const digests = Object.fromEntries(
        Object.entries(inputs).map(([role, ref]) => [role, ref.digest.sha256]),
      );
      const key = digestOfJson(stageKeyMaterial(kind, parameters, digests, build.trainer));
      const finished = await store.getDocument(resultKey(key), StageResult);
      if (!finished || !isWithinLimits(finished, parameters)) return { key, finished: null };
      // A manifest that cannot be read tells of no snapshot; that it cannot is for the audit to say.
      await noteReused(store, campaign, parameters, finished).catch(() => undefined);
      return { key, finished };
    },

    /** Writes the stage's manifest and its result; the first to commit a key wins, and everyone gets that result. */
    async commitStage(input: CommitStageInput): Promise<StageResult> {
      const { kind, parameters } = await plans.stage(input.plan, input.stage);
      const { key, outputs, counts, cost } = input;
      const seconds = (Date.parse(input.finishedAt) - Date.parse(input.startedAt)) / 1000;
      const log = await readLogHead(store, input.campaign);
      const invocation = invocationOf(Context.current().info);
      const planUri = store.addressOf(input.plan);
      const told = { kind, parameters, planUri };
      const statement = stageStatement({ ...input, ...told, build, invocation, seconds, log });
      const envelope = signText(canonicalJson(statement), PAYLOAD_TYPES.statement, signingKey);
      const manifest: ArtifactRef = await store.putJson(
        envelope,
        'manifest.json',
        MEDIA_TYPES.signedManifest,
      );
      const result: StageResult = { key, outputs, counts, cost, seconds, manifest };
      const written = await store.putDocumentOnce(resultKey(key), result);
      return written ? result : ((await store.getDocument(resultKey(key), StageResult)) ?? result);
    },

    /** Leaves the finished campaign where it can be found without Temporal. */
    async recordCampaign(record: CampaignRecord): Promise<void> {
      await store.putDocument(campaignKey(record.campaign), record);
    },
  };
}

function invocationOf(info: Context['info']): string {
  const { workflowNamespace, workflowExecution, activityId, attempt } = info;
  const { workflowId, runId } = workflowExecution ?? {};
  return [workflowNamespace, workflowId, runId, activityId, attempt].join('/');
}
