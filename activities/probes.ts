import { ApplicationFailure, Context } from '@temporalio/activity';
import type { ArtifactStore } from '../artifacts/artifactStore';
import { policyFor } from '../domain/plan/snapshotPolicies';
import type { ModelSpec } from '../schemas/model';
import { PARKING_FAILURE_TYPES, PROBED_FAILURE_TYPES } from '../schemas/names';
import { type AskedModel, modelsIn } from './support/modelsIn';
import { whileAlive } from './support/heartbeat';
import type { ModelAccess } from './models/modelAccess';
import type { Account } from './models/budget/askWithinBudget';
import { bridgeSnapshot } from './models/snapshots/bridgeSnapshot';
import { SnapshotRecord } from './models/snapshots/snapshotRecord';
import type { SnapshotWatch } from './models/snapshots/snapshotWatch';
import { rateAgain } from './conversation/bridgeJudge';
import type { CollectionDesigns } from './support/collectionDesigns';
import type { Plans, StageWork } from './support/stageWork';

export interface ProbeDependencies {
  store: ArtifactStore;
  plans: Plans;
  designs: CollectionDesigns;
  access: ModelAccess;
  watch: SnapshotWatch;
}

const QUESTION = [{ role: 'user' as const, content: 'Are you there?' }];

export function createProbeActivities(dependencies: ProbeDependencies) {
  const { store, plans, designs, access, watch } = dependencies;
  return {
    /**
     * Asks each model that a parked stage talks to one short question. A judge that answers under another snapshot than
     * before rates episodes again where its campaign wants that. Errors: those that keep the stage parked
     * (MODEL_QUOTA_EXHAUSTED, MODEL_SNAPSHOT_CHANGED, …); a model that only dislikes the question is there.
     */
    async probeModels({ plan, stage }: Pick<StageWork, 'plan' | 'stage'>): Promise<void> {
      const { parameters } = await plans.stage(plan, stage);
      const { campaign } = await plans.load(plan);
      const account = await plans.account({ campaign, plan, stage });
      for (const asked of modelsIn(parameters))
        await whileAlive(
          () => null,
          () => probe(account, asked),
        );
    },
  };

  async function probe(account: Account, { model, role }: AskedModel): Promise<void> {
    const { cancellationSignal: signal } = Context.current();
    const question = { model, role, messages: QUESTION, seed: 0, signal };
    const answer = await access.askOnce(account, question).catch((error: unknown) => {
      if (!isDislike(error)) throw error;
    });
    if (!answer) return;
    if (policyFor(model, account.snapshotPolicies ?? []) === 'bridge')
      await bridge(account, model, answer.snapshot);
    await watch.meet(account, model, answer.snapshot);
  }

  /** The calls are the campaign's, by a snapshot that it does not take yet. */
  async function bridge(account: Account, judge: ModelSpec, snapshot: string): Promise<void> {
    const { cancellationSignal: signal } = Context.current();
    const record = new SnapshotRecord(store, account.campaign);
    await bridgeSnapshot(record, judge, snapshot, (episodes) =>
      access.whileUsed({ ...account, snapshotPolicies: null }, (ask) =>
        rateAgain(episodes, { store, designs, ask, signal }),
      ),
    );
  }
}

function isDislike(error: unknown): boolean {
  const type = error instanceof ApplicationFailure ? (error.type ?? '') : '';
  return PARKING_FAILURE_TYPES.includes(type) && !PROBED_FAILURE_TYPES.includes(type);
}
