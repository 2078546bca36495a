import type { ApplicationFailure } from '@temporalio/activity';
import type { Refusals, Report } from '../../../domain/rateLimits/advance';
import type { Want } from '../../../domain/rateLimits/fairness';
import type { MinuteLimits } from '../../../schemas/rateLimit';
import type { Completion } from '../chatCompletion';
import type { Slot } from './slotQueue';

/** Weight of the last call in the tokens that are booked for one. */
const LAST_CALL = 0.05;

/** What a worker has learned of a limit and has not told the others yet. */
export class PendingReport {
  private tokensPerCall: number | null = null;
  private excessTokens = 0;
  private announced: MinuteLimits | null = null;
  private refusals: Refusals | null = null;

  constructor(private readonly settings: MinuteLimits) {}

  /** A call waits. */
  expect(tokens: number): void {
    this.tokensPerCall ??= tokens;
  }

  /** A call is made: it counts as so many tokens, whatever was booked for it. */
  asked(tokens: number, slot: Slot | null): void {
    const before = this.tokensPerCall ?? tokens;
    this.tokensPerCall = before + LAST_CALL * (tokens - before);
    if (slot) this.excessTokens += tokens - slot.tokens;
  }

  /** @param tokens that were counted when it was asked @returns whether there is something that others should know */
  answered({ usage, announced }: Completion, tokens: number, known: MinuteLimits): boolean {
    this.excessTokens += Math.max(0, usage.inputTokens + usage.outputTokens - tokens);
    const isNews = announced && (announced.requests !== known.requests || announced.tokens !== known.tokens);
    this.announced = isNews ? announced : null;
    return this.announced !== null;
  }

  refused(
    { nextRetryDelay }: ApplicationFailure,
    slot: Slot | null,
    now: number,
    callsPerMinute: number,
  ): void {
    const before = this.refusals;
    const holdUntil = typeof nextRetryDelay === 'number' ? now + nextRetryDelay : 0;
    this.refusals = {
      bookedAt: Math.max(slot?.bookedAt ?? 0, before?.bookedAt ?? 0),
      holdUntil: Math.max(holdUntil, before?.holdUntil ?? 0),
      callsPerMinute,
    };
  }

  /** What is to be told now. */
  read(wants: Want[]): Report {
    const { settings, announced, refusals, excessTokens } = this;
    const tokensPerCall = Math.max(1, Math.round(this.tokensPerCall ?? 1));
    return { settings, announced, refusals, excessTokens, tokensPerCall, wants };
  }

  /** What was told is not told again. */
  told({ excessTokens, announced, refusals }: Report): void {
    this.excessTokens -= excessTokens;
    if (this.announced === announced) this.announced = null;
    if (this.refusals === refusals) this.refusals = null;
  }
}
