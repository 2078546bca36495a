import { handedOutKey } from '../../artifacts/documentKeys';
import { ApplicationFailure } from '@temporalio/activity';
import { z } from 'zod';
import type { ArtifactStore } from '../../artifacts/artifactStore';
import { failure } from '../support/failures';

/** Makes a call of a model within a campaign's limit. */
export type CountedCall = <R>(make: () => Promise<R>) => Promise<R>;

/** Calls that were handed out to workers: never fewer than were made. */
export const HandedOut = z.strictObject({ calls: z.number().int().nonnegative() });

/** Calls that a worker takes at a time; what is left of them when it is killed is lost to the campaign. */
const BLOCK = 32;

/**
 * Keeps a campaign's calls of models below its limit, however many workers make them and however these end: a worker
 * takes blocks of calls from a document in the store, which only a matching version may replace, before it makes any.
 */
export class CallBudget {
  private left = 0;
  private users = 0;
  private taking: Promise<void> | null = null;

  constructor(
    private readonly store: ArtifactStore,
    private readonly campaign: string,
  ) {}

  /** Does work that makes calls; what it took and did not use is given back. */
  async whileUsed<R>(work: () => Promise<R>): Promise<R> {
    this.users += 1;
    try {
      return await work();
    } finally {
      this.users -= 1;
      // Calls that cannot be given back are lost to the campaign; what the work came to is not.
      if (this.users === 0) await this.giveBack().catch(() => undefined);
    }
  }

  /** Makes a call. Errors: CALLS_EXHAUSTED instead of making it, STORAGE_*; the call's own. */
  async call<R>(limit: number | null, make: () => Promise<R>): Promise<R> {
    if (limit === null) return make();
    await this.spend(limit);
    try {
      return await make();
    } catch (error) {
      if (isTurnedAway(error)) this.left += 1;
      throw error;
    }
  }

  private async spend(limit: number): Promise<void> {
    while (this.left === 0) {
      this.taking ??= this.take(limit).finally(() => (this.taking = null));
      await this.taking;
    }
    this.left -= 1;
  }

  private async take(limit: number): Promise<void> {
    for (;;) {
      const { calls, version } = await this.read();
      const block = Math.min(BLOCK, limit - calls);
      if (block <= 0) {
        throw failure(
          'CALLS_EXHAUSTED',
          `Campaign "${this.campaign}" has used the ${limit} calls of models that limits.modelCalls allows. ` +
            `\`pi-loop raise-limit ${this.campaign} --model-calls <more>\` lets it go on; nothing it made is lost.`,
        );
      }
      if (await this.replace(calls + block, version)) {
        this.left += block;
        return;
      }
    }
  }

  private async giveBack(): Promise<void> {
    const unused = this.left;
    this.left = 0;
    if (unused === 0) return;
    for (;;) {
      const { calls, version } = await this.read();
      if (await this.replace(calls - unused, version)) return;
    }
  }

  private async read(): Promise<{ calls: number; version: string | null }> {
    const found = await this.store.getVersioned(handedOutKey(this.campaign), HandedOut);
    return { calls: found?.value.calls ?? 0, version: found?.version ?? null };
  }

  private replace(calls: number, version: string | null): Promise<boolean> {
    return this.store.replaceDocument(handedOutKey(this.campaign), { calls }, version);
  }
}

const TURNED_AWAY = new Set([
  'MODEL_RATE_LIMITED',
  'MODEL_QUOTA_EXHAUSTED',
  'MODEL_UNAUTHORIZED',
  'MODEL_NOT_FOUND',
]);

/** The provider says itself that it did not answer: such a call is not one of those that are paid. */
const isTurnedAway = (error: unknown): boolean =>
  error instanceof ApplicationFailure && TURNED_AWAY.has(error.type ?? '');

/** The budgets of all campaigns that this worker serves. */
export class CallBudgets {
  private readonly budgets = new Map<string, CallBudget>();

  constructor(private readonly store: ArtifactStore) {}

  of(campaign: string): CallBudget {
    const budget = this.budgets.get(campaign) ?? new CallBudget(this.store, campaign);
    this.budgets.set(campaign, budget);
    return budget;
  }
}
