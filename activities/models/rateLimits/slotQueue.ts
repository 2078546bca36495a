import { LATE_MS } from '../../../domain/rateLimits/pacing';
import type { Waiting } from '../../conversation/patience';
import { failure } from '../../support/failures';

/** When a call may be made. */
export interface Slot {
  /** By the common clock, in milliseconds. */
  at: number;
  bookedAt: number;
  /** What was booked for the call. */
  tokens: number;
}

/** A call that waits for its slot. */
export interface Waiter {
  priority: number;
  /** Since when, by the common clock. */
  since: number;
  signal: AbortSignal;
  /** Is told why it waits, and null when it does not any more. */
  tell: (waiting: Waiting | null) => void;
}

interface Queued extends Waiter {
  grant: (slot: Slot) => void;
  refuse: (reason: unknown) => void;
}

/** The slots that a campaign has in this worker, and its calls that wait for one: urgent ones first, then old ones. */
export class SlotQueue {
  private slots: Slot[] = [];
  private waiting: Queued[] = [];

  get calls(): number {
    return this.waiting.length;
  }

  get slotsLeft(): number {
    return this.slots.length;
  }

  /** True when calls wait for which there is no slot yet. */
  get isShort(): boolean {
    return this.waiting.length > this.slots.length;
  }

  /** The highest priority that waits, or the lowest there is. */
  get priority(): number {
    return this.waiting[0]?.priority ?? 0;
  }

  /** Errors: MODEL_RATE_LIMITED, unpaid, where the call is given up, at the next `handOut`; what `refuseAll` is given. */
  wait(waiter: Waiter): Promise<Slot> {
    return new Promise((grant, refuse) => {
      const place = this.waiting.findIndex(({ priority }) => priority < waiter.priority);
      this.waiting.splice(place < 0 ? this.waiting.length : place, 0, { ...waiter, grant, refuse });
    });
  }

  add(slots: readonly Slot[]): void {
    this.slots.push(...slots);
  }

  /** Hands out the slots that are due. @returns when the next one is that somebody waits for */
  handOut(now: number, heldUntil: number): number | null {
    this.dropAborted();
    this.slots = this.slots.filter(({ at }) => at >= Math.max(now - LATE_MS, heldUntil));
    while (this.waiting.length > 0 && this.slots[0] && this.slots[0].at <= now) {
      const slot = this.slots.shift() as Slot;
      (this.waiting.shift() as Queued).grant(slot);
    }
    return this.waiting.length > 0 ? (this.slots[0]?.at ?? null) : null;
  }

  /** Tells those who wait since before this time why they do. */
  tell(why: Waiting, before: number): void {
    for (const { since, tell } of this.waiting) if (since < before) tell(why);
  }

  refuseAll(reason: unknown): void {
    const { waiting } = this;
    this.waiting = [];
    for (const { refuse } of waiting) refuse(reason);
  }

  /** Hundreds of calls share a signal: it is asked, instead of telling each. */
  private dropAborted(): void {
    for (const { signal, refuse } of this.waiting) if (signal.aborted) refuse(notMade());
    this.waiting = this.waiting.filter(({ signal }) => !signal.aborted);
  }
}

export const notMade = (): Error =>
  failure('MODEL_RATE_LIMITED', 'The call was given up while it waited for a limit; it was not made.', {
    unpaid: true,
  });
