import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type Client, WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import type { UpdateDefinition } from '@temporalio/common';
import type { ArtifactStore } from '../artifacts/artifactStore';
import { type RaisedLimits, withRaisedLimits } from '../domain/plan/raiseLimit';
import { archiveWorkflowId, campaignWorkflowId, MEDIA_TYPES } from '../schemas/names';
import { Plan } from '../schemas/plan';
import type { SteeringRecord, SteeringRequest } from '../schemas/steering';
import { amend, type CampaignResult, decideGate, pause, resume, retryStage } from '../workflows/messages';
import type { CampaignHandle, TrainingCampaign } from './campaignHandle';
import { isPassing } from './passingErrors';
import { askProgress, type CampaignStatus, readStatus } from './status';
import { steer } from './steer';

/** Who asks and why, for the record. `request` makes several calls one request; by default each call is its own. */
export type Asked = Pick<SteeringRequest, 'who' | 'why'> & Partial<SteeringRequest>;

const RECONNECT_MS = 1_000;

/**
 * One campaign, to be watched and steered. What is asked is tried again with the same request id while Temporal or the
 * campaign's workers are away. Errors of all requests: CampaignError REFUSED, ENDED, NOT_FOUND, UNREACHABLE.
 */
export class Campaign {
  readonly handle: CampaignHandle;

  constructor(
    private readonly client: Client,
    readonly id: string,
  ) {
    this.handle = client.workflow.getHandle<TrainingCampaign>(campaignWorkflowId(id));
  }

  status(): Promise<CampaignStatus> {
    return readStatus(this.client, this.handle);
  }

  /** Digest of the plan that is followed; while no worker answers, of the one that the last run was started with. */
  async plan(): Promise<string> {
    const progress = await askProgress(this.client, this.handle);
    return progress?.plan ?? String((await this.handle.describe()).memo?.['plan']);
  }

  /** Waits for the end, across all runs and while Temporal is away. Errors: WorkflowFailedError. */
  async result(): Promise<CampaignResult> {
    for (;;) {
      try {
        return await this.handle.result();
      } catch (error) {
        if (!isPassing(error)) throw error;
        await delay(RECONNECT_MS);
      }
    }
  }

  /** Waits until the histories of a campaign that has ended are kept in the store, which is soon after its end. */
  async archived(): Promise<void> {
    const { runId } = await this.handle.describe();
    await this.client.workflow
      .getHandle(archiveWorkflowId(this.id, runId))
      .result()
      .catch((error: unknown) => {
        // Campaigns of 0.2.0 have no archive.
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      });
  }

  /** Stops everything at its next checkpoint or turn; comes back before that is reached. A paused campaign stays so. */
  pause(asked: Asked): Promise<SteeringRecord> {
    return this.steer(pause, identified(asked));
  }

  /** Ends a pause and tries all parked stages again. */
  resume(asked: Asked): Promise<SteeringRecord> {
    return this.steer(resume, identified(asked));
  }

  /** Tries a parked stage again. */
  retry(stage: string, asked: Asked): Promise<SteeringRecord> {
    return this.steer(retryStage, { ...identified(asked), stage });
  }

  /** Lets a gated stage start. */
  approve(stage: string, asked: Asked): Promise<SteeringRecord> {
    return this.steer(decideGate, { ...identified(asked), stage, approved: true });
  }

  /** Keeps a gated stage from ever starting. */
  reject(stage: string, asked: Asked): Promise<SteeringRecord> {
    return this.steer(decideGate, { ...identified(asked), stage, approved: false });
  }

  /**
   * Lets the campaign follow another plan of the store from now on.
   * @param plan its digest
   * @param instead digest of the plan that it was made from: refused when another is followed by then
   */
  amend(plan: string, asked: Asked, instead?: string): Promise<SteeringRecord> {
    return this.steer(amend, { ...identified(asked), plan, ...(instead !== undefined && { instead }) });
  }

  /**
   * Raises limits and tries parked stages again.
   * @returns null when the campaign is allowed as much already
   */
  async raiseLimits(
    store: ArtifactStore,
    limits: RaisedLimits,
    asked: Asked,
  ): Promise<SteeringRecord | null> {
    const digest = await this.plan();
    const plan = await store.getJson(digest, Plan);
    const { digest: raised } = await store.putJson(
      withRaisedLimits(plan, limits),
      'plan.json',
      MEDIA_TYPES.plan,
    );
    return raised.sha256 === digest ? null : this.amend(raised.sha256, asked, digest);
  }

  /** Ends the campaign, whatever its state, and waits until it has cleaned up. What it made is kept. */
  async cancel(): Promise<void> {
    await this.handle.cancel();
    await this.result().catch((error: unknown) => {
      if (!(error instanceof WorkflowFailedError)) throw error;
    });
  }

  private steer<R extends SteeringRequest>(
    update: UpdateDefinition<SteeringRecord, [R]>,
    request: R,
  ): Promise<SteeringRecord> {
    return steer(this.client, this.handle, update, request);
  }
}

const identified = ({ request = randomUUID(), who, why }: Asked): SteeringRequest => ({ request, who, why });
