import type { MinuteLimits, SharedLimit } from '../../schemas/rateLimit';

const MINUTE_MS = 60_000;
/**
 * Share of a limit that is used at most. What is left lets calls be a second early or late on their way without a
 * minute of the provider's ever holding too many of them.
 */
const USED_SHARE = 0.98;
/** A slot may be used this much later than its time, and is lost afterwards. */
export const LATE_MS = 400;
/** A limit that did not bind lately may be ahead by so much: calls that take much of one and little of the other alternate. */
const SLACK_MS = 200;
/** Slots are booked for this long ahead: what a worker that dies had booked is lost, and no more. */
export const HORIZON_MS = 1_200;

/** Milliseconds of each limit that a call takes; 0 where there is no limit. */
export type Spacing = Record<'requests' | 'tokens', number>;

export function spacingOf(limits: MinuteLimits, share: number, tokensPerCall: number): Spacing {
  const every = (perMinute: number | null) =>
    perMinute === null ? 0 : MINUTE_MS / (perMinute * share * USED_SHARE);
  return { requests: every(limits.requests), tokens: tokensPerCall * every(limits.tokens) };
}

interface Booking {
  spacing: Spacing;
  now: number;
  /** No slot is later than this. */
  until: number;
  most: number;
}

/**
 * Slots for calls, evenly spaced behind those that are booked (the generic cell rate algorithm, for two limits at
 * once): in no span of time are there more than the limits allow, wherever it begins. Time that nobody booked is gone.
 */
export function bookSlots(
  booked: SharedLimit['booked'],
  { spacing, now, until, most }: Booking,
): { slots: number[]; booked: SharedLimit['booked'] } {
  const slots: number[] = [];
  let { requests, tokens } = booked;
  let next = Math.max(requests, tokens, now);
  while (slots.length < most && next <= until) {
    slots.push(next);
    requests = Math.max(requests, next - SLACK_MS) + spacing.requests;
    tokens = Math.max(tokens, next - SLACK_MS) + spacing.tokens;
    next = Math.max(requests, tokens, next);
  }
  return { slots, booked: { requests, tokens } };
}
