import { ApplicationFailure } from '@temporalio/activity';
import { advance, emptyLimit, isUnlimited } from '../../../domain/rateLimits/advance';
import { describeWait } from '../../../domain/rateLimits/describeWait';
import type { Want } from '../../../domain/rateLimits/fairness';
import type { SharedLimit } from '../../../schemas/rateLimit';
import { StorageError } from '../../../artifacts/storageError';
import { failure } from '../../support/failures';
import type { Completion } from '../chatCompletion';
import { CallRate } from './callRate';
import { ConcurrencyGate } from './concurrencyGate';
import { Doorbell } from './doorbell';
import type { LimitDocument, LimitedModel } from './limitDocument';
import { PendingReport } from './pendingReport';
import type { AccountLimits } from './readProviderSettings';
import type { SharedClock } from './sharedClock';
import { notMade, type Slot, SlotQueue, type Waiter } from './slotQueue';

/** A call that is to be made. */
export interface Admission extends Omit<Waiter, 'since'> {
  campaign: string;
  /** That it counts as when it is made. */
  tokens: number;
}

/** Between looks at what the others did, while calls are limited; and while they are not. */
const LIMITED_EVERY_MS = 350;
const UNLIMITED_EVERY_MS = 1_000;
/** Calls that come in this time are booked together. */
const GATHERED_MS = 40;
/** A worker without calls stops looking. */
const IDLE_AFTER_MS = 2_000;
/** Slots are booked ahead for as many calls as will come before the next look but one. */
const AHEAD_SECONDS = (2 * LIMITED_EVERY_MS) / 1_000;
/** Who waits longer is worth a word. */
const TOLD_AFTER_MS = 1_000;

/**
 * Admits calls of one model of an account when the limit that all workers share allows them. Where there is no limit a
 * call passes at once: the store is looked at beside the calls, never for one of them.
 */
export class RateLimiter {
  private shared: SharedLimit;
  private opened: Promise<void> | null = null;
  private running: Promise<void> | null = null;
  private timer: NodeJS.Timeout | undefined;
  private lastCallAt = 0;
  private readonly gate: ConcurrencyGate;
  private readonly doorbell = new Doorbell();
  private readonly report: PendingReport;
  private readonly campaigns = new Map<string, { queue: SlotQueue; rate: CallRate }>();

  constructor(
    { baseUrl, model }: LimitedModel,
    private readonly settings: AccountLimits,
    private readonly document: LimitDocument,
    private readonly clock: SharedClock,
  ) {
    this.shared = emptyLimit({ baseUrl, model });
    this.report = new PendingReport(settings);
    this.gate = new ConcurrencyGate(settings.callsAtOnce);
  }

  /**
   * Makes a call once it may be made, and again when the provider refuses it for its rate.
   * Errors: all others of the call; STORAGE_* where there is a limit; MODEL_RATE_LIMITED for one that was given up.
   */
  admit(admission: Admission, make: () => Promise<Completion>): Promise<Completion> {
    return this.gate.pass(admission.priority, () => this.makeInTurn(admission, make));
  }

  private async makeInTurn(admission: Admission, make: () => Promise<Completion>): Promise<Completion> {
    const { tokens, campaign } = admission;
    let since = this.clock.now();
    await (this.opened ??= this.open());
    for (;;) {
      const slot = await this.slotFor({ ...admission, since });
      this.report.asked(tokens, slot);
      try {
        const completion = await make();
        if (this.report.answered(completion, tokens, this.shared.learned)) this.doorbell.ring();
        return completion;
      } catch (error) {
        if (!isRefusedForRate(error)) throw error;
        this.heed(error, slot, campaign);
        // Why it waits now is told at once.
        since = 0;
      }
    }
  }

  private async open(): Promise<void> {
    // A store that is away keeps nobody from a provider that has no limits.
    this.shared = await this.document.read().catch(() => this.shared);
  }

  /** Null where no slot is needed. */
  private async slotFor({ campaign, tokens, ...waiter }: Admission & Waiter): Promise<Slot | null> {
    if (waiter.signal.aborted) throw notMade();
    const now = this.clock.now();
    const { queue, rate } = this.of(campaign);
    this.lastCallAt = now;
    rate.count(now);
    this.report.expect(tokens);
    if (isUnlimited(this.shared, this.settings, now)) {
      this.running ??= this.run();
      return null;
    }
    const granted = queue.wait(waiter);
    this.handOut();
    this.running ??= this.run();
    if (queue.isShort) this.doorbell.ring();
    const slot = await granted;
    waiter.tell(null);
    return slot;
  }

  /** This worker calls no more before the provider wants it, and tells the others. */
  private heed(refusal: ApplicationFailure, slot: Slot | null, campaign: string): void {
    const now = this.clock.now();
    this.report.refused(refusal, slot, now, 60 * this.of(campaign).rate.perSecond(now));
    this.shared = advance(this.shared, this.report.read([]), now).shared;
    this.doorbell.alarm();
  }

  /** Looks at what the others did, and books what is wanted, as long as there are calls. */
  private async run(): Promise<void> {
    try {
      do {
        const unmet = await this.look();
        const limited = !isUnlimited(this.shared, this.settings, this.clock.now());
        const pause = limited ? LIMITED_EVERY_MS * (0.8 + 0.4 * Math.random()) : UNLIMITED_EVERY_MS;
        // Where nothing is left to book, there is no use in asking again earlier.
        await this.doorbell.wait(pause, unmet ? pause : GATHERED_MS);
      } while (this.isInUse());
    } catch (error) {
      for (const { queue } of this.campaigns.values()) queue.refuseAll(unpaid(error));
    } finally {
      this.running = null;
    }
  }

  /** @returns whether more was wanted than could be booked */
  private async look(): Promise<boolean> {
    const report = this.report.read(this.wants());
    const { shared, slots } = await this.document.advance(report);
    this.report.told(report);
    this.shared = shared;
    for (const [campaign, times] of slots) {
      const { queue } = this.of(campaign);
      queue.add(times.map((at) => ({ at, bookedAt: shared.writtenAt, tokens: report.tokensPerCall })));
    }
    this.letAllGo(report.tokensPerCall);
    this.handOut();
    this.tellWhoWaits();
    return report.wants.some(({ campaign, calls }) => calls > (slots.get(campaign)?.length ?? 0));
  }

  /** Where there is no limit any more, nothing is booked for those who still wait. */
  private letAllGo(tokens: number): void {
    const at = this.clock.now();
    if (!isUnlimited(this.shared, this.settings, at)) return;
    for (const { queue } of this.campaigns.values())
      queue.add(Array.from({ length: queue.calls }, () => ({ at, bookedAt: at, tokens })));
  }

  private wants(): Want[] {
    const now = this.clock.now();
    return [...this.campaigns].map(([campaign, { queue, rate }]) => {
      const expected = Math.floor(AHEAD_SECONDS * rate.perSecond(now));
      const calls = Math.max(0, queue.calls + expected - queue.slotsLeft);
      return { campaign, priority: queue.priority, calls };
    });
  }

  private handOut(): void {
    clearTimeout(this.timer);
    const now = this.clock.now();
    const due = [...this.campaigns.values()].flatMap(
      ({ queue }) => queue.handOut(now, this.shared.heldUntil) ?? [],
    );
    if (due.length > 0) this.timer = setTimeout(() => this.handOut(), Math.min(...due) - now);
  }

  private tellWhoWaits(): void {
    const now = this.clock.now();
    const message = describeWait(this.shared, this.settings, now);
    const why = { type: 'MODEL_RATE_LIMITED', message };
    for (const { queue } of this.campaigns.values()) queue.tell(why, now - TOLD_AFTER_MS);
  }

  private isInUse(): boolean {
    const waits = [...this.campaigns.values()].some(({ queue }) => queue.calls > 0);
    return waits || this.clock.now() - this.lastCallAt < IDLE_AFTER_MS;
  }

  private of(campaign: string): { queue: SlotQueue; rate: CallRate } {
    const known = this.campaigns.get(campaign) ?? { queue: new SlotQueue(), rate: new CallRate() };
    this.campaigns.set(campaign, known);
    return known;
  }
}

/** Calls that were not made for it cost nothing. */
const unpaid = (error: unknown): unknown =>
  error instanceof StorageError ? failure(error.code, error.message, { unpaid: true, cause: error }) : error;

const isRefusedForRate = (error: unknown): error is ApplicationFailure =>
  error instanceof ApplicationFailure && error.type === 'MODEL_RATE_LIMITED';
