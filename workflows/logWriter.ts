import { CancellationScope, condition, patched, sleep, workflowInfo } from '@temporalio/workflow';
import type { LogHead } from '../schemas/attestation';
import type { LogEvent, NewLogEntry } from '../schemas/campaignLog';
import { general } from './activityProxies';

/** A log that cannot be written is tried again after this; what it is to hold waits. */
const TRY_AGAIN_AFTER = '15s';

/** Shares of a limit that are worth an entry. */
const BUDGET_STEPS = [0.5, 0.8, 1] as const;

/** What one run of a campaign leaves to the next of its log. */
export interface CarriedLog {
  /** Entries made so far. */
  entries: number;
  head: LogHead | null;
  /** The largest share of the limit of calls that has an entry. */
  passed: number;
  /** The same of the limit on money. */
  passedOfMoney?: number;
  /** Changes of snapshots that have an entry. */
  snapshots?: string[];
}

/** Writes what happens to a campaign into its log, in its order, beside the work. */
export class LogWriter {
  private readonly isKept = patched('campaign-log');
  private readonly waiting: NewLogEntry[] = [];
  private isWriting = false;
  private counting = 0;
  private passed: number;
  private passedOfMoney: number;
  private readonly snapshots: Set<string>;
  private entries: number;
  private head: LogHead | null;

  constructor(
    private readonly campaign: string,
    carried: CarriedLog | undefined,
  ) {
    this.entries = carried?.entries ?? 0;
    this.head = carried?.head ?? null;
    this.passed = carried?.passed ?? 0;
    this.passedOfMoney = carried?.passedOfMoney ?? 0;
    this.snapshots = new Set(carried?.snapshots);
  }

  get carried(): CarriedLog {
    const { entries, head, passed, passedOfMoney } = this;
    return { entries, head, passed, passedOfMoney, snapshots: [...this.snapshots] };
  }

  /** False in the runs that releases before 0.3.0 began. */
  get isEnabled(): boolean {
    return this.isKept;
  }

  add(
    event: LogEvent,
    { who: actor = thisRun(), why: reason = '' }: { who?: string; why?: string } = {},
  ): void {
    if (!this.isKept) return;
    this.entries += 1;
    const id = `${workflowInfo().firstExecutionRunId}/${this.entries}`;
    this.waiting.push({ id, at: new Date().toISOString(), actor, reason, event });
    if (!this.isWriting) void CancellationScope.nonCancellable(() => this.write());
  }

  /** Adds an entry for each share of a limit of calls that was passed since the last time. */
  addCalls(campaign: string, limit: number): Promise<void> {
    return this.counted(async () => {
      const calls = await general.countCalls({ campaign });
      for (const share of sharesPassed(calls / limit, this.passed)) {
        this.passed = share;
        this.add({ kind: 'budget', calls, limit, share });
      }
    });
  }

  /** The same of a limit on money, in nanodollars. */
  addMoney(campaign: string, limit: number): Promise<void> {
    return this.counted(async () => {
      const nanodollars = await general.countMoney({ campaign });
      for (const share of sharesPassed(nanodollars / limit, this.passedOfMoney)) {
        this.passedOfMoney = share;
        this.add({ kind: 'money', nanodollars, limit, share });
      }
    });
  }

  /** Adds an entry for each snapshot of a model that has answered after another, and again when it is taken after all. */
  addSnapshots(campaign: string): Promise<void> {
    return this.counted(async () => {
      for (const change of await general.listSnapshotChanges({ campaign })) {
        const { baseUrl, model, name, standing } = change;
        const id = JSON.stringify([baseUrl, model, name, standing]);
        if (this.snapshots.has(id)) continue;
        this.snapshots.add(id);
        this.add({ kind: 'snapshot-changed', change });
      }
    });
  }

  private async counted(count: () => Promise<void>): Promise<void> {
    if (!this.isKept) return;
    this.counting += 1;
    try {
      await CancellationScope.nonCancellable(count);
    } catch {
      // The next stage asks again.
    } finally {
      this.counting -= 1;
    }
  }

  /** Until the store has all that was added. */
  async written(): Promise<void> {
    await CancellationScope.nonCancellable(() => condition(() => !this.isWriting && this.counting === 0));
  }

  private async write(): Promise<void> {
    this.isWriting = true;
    while (this.waiting.length > 0) {
      const entries = [...this.waiting];
      try {
        const { campaign, head: after } = this;
        this.head = await general.appendToLog({ campaign, entries, after });
        this.waiting.splice(0, entries.length);
      } catch {
        await sleep(TRY_AGAIN_AFTER);
      }
    }
    this.isWriting = false;
  }
}

function thisRun(): string {
  const { namespace, workflowId, runId } = workflowInfo();
  return `workflow ${namespace}/${workflowId}/${runId}`;
}

const sharesPassed = (share: number, passed: number): number[] =>
  BUDGET_STEPS.filter((step) => step > passed && share >= step);
