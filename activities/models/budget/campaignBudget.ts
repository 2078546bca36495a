import { setMaxListeners } from 'node:events';
import type { ApplicationFailure } from '@temporalio/activity';
import { covers, minus, most, NOTHING, sum } from '../../../domain/budget/amount';
import { WALLET_LEASE_MS } from '../../../domain/budget/lease';
import { isSamePurpose, type Left, leftFor } from '../../../domain/budget/ledger';
import type { ArtifactStore } from '../../../artifacts/artifactStore';
import type { Amount, Ledger, Purpose, Spending } from '../../../schemas/ledger';
import type { PlanLimits } from '../../../schemas/plan';
import { isUnpaid } from '../../support/failures';
import { exhausted } from './exhausted';
import { FIRST_BLOCK, grantFor, LARGEST_BLOCK } from './grant';
import type { Purse } from './purse';
import { type Change, Wallet } from './wallet';

/** A worker that needs more calls within this takes more at a time. */
const SOON_MS = 2_000;
/** What was refused to one waiter is refused to those like it for so long: the ledger is not asked for each of them. */
const REFUSAL_HOLDS_MS = 500;

/** A call to be made within a campaign's limits. */
export interface Booking<R> {
  limits: PlanLimits;
  purpose: Purpose;
  /** The most that it can take. */
  most: Amount;
  make: () => Promise<R>;
  /** What it took; null where nobody knows; nothing where it is booked already. */
  spending: (answer: R) => Spending | null | 'nothing';
  /** Ends the wait for limits, and for the answer: a call that is on its way is paid, so that it is booked when it ends. */
  signal: AbortSignal;
}

interface Waiter {
  purpose: Purpose;
  most: Amount;
}

/** Why a waiter got nothing, when, and how many calls had ended by then. */
interface Refusal {
  waiter: Waiter;
  limits: PlanLimits;
  error: ApplicationFailure;
  at: number;
  ended: number;
}

/**
 * Keeps a campaign's calls of models within its limits of calls and of money, however many workers make them and
 * however these end. What a call may cost at worst is reserved before it is made, out of what the worker holds; what
 * it did cost is booked when it is answered. Workers tell the ledger of both a block of calls at a time.
 */
export class CampaignBudget {
  private readonly wallet: Wallet;
  /** Pieces of work under way, by stage. */
  private readonly users = new Map<string, number>();
  private readonly waiting = new Set<Waiter>();
  private turn: Promise<unknown> = Promise.resolve();
  private inFlight = 0;
  private renewing: NodeJS.Timeout | undefined;
  /** Grows as calls end. */
  private ended = 0;
  private wake: () => void = () => undefined;
  private nextEnd = this.armed();
  private block = FIRST_BLOCK;
  private grantedAt = Number.NEGATIVE_INFINITY;
  private refusal: Refusal | null = null;

  constructor(
    store: ArtifactStore,
    private readonly campaign: string,
  ) {
    this.wallet = new Wallet(store, campaign);
  }

  /** Does work of a stage that makes calls; what it held and did not use is given back. */
  async whileUsed<R>(stage: string, work: () => Promise<R>): Promise<R> {
    this.users.set(stage, this.usersOf(stage) + 1);
    try {
      return await work();
    } finally {
      this.users.set(stage, this.usersOf(stage) - 1);
      await this.giveBack(stage);
    }
  }

  /** Makes a call. Errors: CALLS_EXHAUSTED and MONEY_EXHAUSTED instead of making it, STORAGE_*; the call's own. */
  async call<R>(booking: Booking<R>): Promise<R> {
    const { most: reserved, make, spending, signal, purpose } = booking;
    const purse = await this.reserve(booking);
    this.begin();
    const booked = make()
      .then(
        (answer) => {
          const took = spending(answer);
          if (took === 'nothing') purse.release(reserved);
          else if (took) purse.spend(reserved, took);
          else purse.lose(reserved);
          return answer;
        },
        (error: unknown) => {
          if (isUnpaid(error)) purse.release(reserved);
          else purse.lose(reserved);
          throw error;
        },
      )
      .finally(() => this.end());
    try {
      return await orAborted(booked, signal);
    } catch (error) {
      // Whoever waited for it may be gone by then.
      if (signal.aborted) void booked.catch(() => undefined).then(() => this.giveBack(purpose.stage));
      throw error;
    }
  }

  private async reserve({
    limits,
    purpose,
    most: amount,
    signal,
  }: Omit<Booking<never>, 'make' | 'spending'>) {
    const waiter = { purpose, most: amount };
    this.waiting.add(waiter);
    try {
      for (;;) {
        signal.throwIfAborted();
        const purse = this.purseFor(waiter);
        if (purse) {
          purse.reserve(amount);
          return purse;
        }
        const refused = await this.inTurn(() => this.obtain(waiter, limits));
        // What calls that are on their way do not need after all may be enough.
        if (refused && this.inFlight > 0) await this.nextEnd;
        else if (refused?.ended === this.ended) throw refused.error;
      }
    } finally {
      this.waiting.delete(waiter);
    }
  }

  /** A purse with enough for it. */
  private purseFor({ purpose, most: amount }: Waiter): Purse | null {
    const purse = this.wallet.purse(purpose);
    return this.wallet.isLeased && covers(purse.free, amount) ? purse : null;
  }

  /** Gets something out of the ledger. @returns why there is nothing to be had, or null */
  private async obtain(waiter: Waiter, limits: PlanLimits): Promise<Refusal | null> {
    if (this.purseFor(waiter)) return null;
    if (this.refusal && this.isRefused(waiter, limits, this.refusal)) return this.refusal;
    this.adaptBlock();
    const { ended } = this;
    let left: Left | undefined;
    const grant = (ledger: Ledger) => {
      left = leftFor(ledger, limits, waiter.purpose);
      return { grants: this.grants(waiter, left), emptied: [] };
    };
    await this.wallet.write(grant);
    if (this.purseFor(waiter)) return null;
    // What lies idle for something else may be enough.
    const idle = this.wallet.all.filter(
      ({ purpose, free }) => !isSamePurpose(purpose, waiter.purpose) && !covers(NOTHING, free),
    );
    if (idle.length > 0) {
      await this.wallet.write(() => ({ grants: new Map(), emptied: idle }));
      await this.wallet.write(grant);
    }
    if (this.purseFor(waiter) || !left) return null;
    const error = exhausted(this.campaign, limits, left);
    this.refusal = { waiter, limits, error, at: performance.now(), ended };
    return this.refusal;
  }

  private isRefused({ purpose, most: amount }: Waiter, limits: PlanLimits, refusal: Refusal): boolean {
    const { waiter, at, ended } = refusal;
    const isRecent = performance.now() - at < REFUSAL_HOLDS_MS;
    const isFinal = this.inFlight === 0 && ended !== this.ended;
    const isAlike = isSamePurpose(purpose, waiter.purpose) && covers(amount, waiter.most);
    return isRecent && !isFinal && isAlike && limits === refusal.limits;
  }

  private grants({ purpose, most: call }: Waiter, left: Left): Change['grants'] {
    const purse = this.wallet.purse(purpose);
    const waiting = [...this.waiting].filter((one) => isSamePurpose(one.purpose, purpose));
    const wanted = most(minus(sum(waiting.map((one) => one.most)), purse.free), NOTHING);
    return new Map([[purse, grantFor(left, wanted, call, this.block)]]);
  }

  private adaptBlock(): void {
    const soon = performance.now() - this.grantedAt < SOON_MS;
    this.block = soon ? Math.min(LARGEST_BLOCK, 2 * this.block) : FIRST_BLOCK;
    this.grantedAt = performance.now();
  }

  /** Once nobody uses a stage's share any more. What cannot be given back stays booked; the work is done all the same. */
  private async giveBack(stage: string): Promise<void> {
    if (this.usersOf(stage) > 0) return;
    const purses = this.wallet.all.filter(({ purpose }) => purpose.stage === stage);
    if (purses.length === 0) return;
    await this.inTurn(() => this.wallet.write(() => ({ grants: new Map(), emptied: purses }))).catch(
      () => undefined,
    );
  }

  private usersOf(stage: string): number {
    return this.users.get(stage) ?? 0;
  }

  private inTurn<R>(work: () => Promise<R>): Promise<R> {
    const done = this.turn.then(work);
    this.turn = done.catch(() => undefined);
    return done;
  }

  private begin(): void {
    this.inFlight += 1;
    // A batch takes hours, in which nothing else may be asked.
    this.renewing ??= setInterval(() => void this.renew(), WALLET_LEASE_MS / 3).unref();
  }

  private async renew(): Promise<void> {
    const nothing = () => ({ grants: new Map(), emptied: [] });
    await this.inTurn(() => this.wallet.write(nothing)).catch(() => undefined);
  }

  private end(): void {
    this.inFlight -= 1;
    if (this.inFlight === 0) {
      clearInterval(this.renewing);
      this.renewing = undefined;
    }
    this.ended += 1;
    this.wake();
    this.nextEnd = this.armed();
  }

  private armed(): Promise<void> {
    return new Promise((resolve) => (this.wake = resolve));
  }
}

function orAborted<R>(work: Promise<R>, signal: AbortSignal): Promise<R> {
  // All calls of a batch wait by one signal.
  setMaxListeners(0, signal);
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
