import type { Claim, MinuteLimits, SharedLimit } from '../../schemas/rateLimit';
import { CLAIM_MS, claimOf, givesWay, type Want, withServed } from './fairness';
import { bookSlots, HORIZON_MS, type Spacing, spacingOf } from './pacing';
import { isForgotten, shareOf } from './refusals';

/** What the provider refused since the last report. */
export interface Refusals {
  /** When the last refused call was booked; 0 for one that had no slot. */
  bookedAt: number;
  /** When the provider wants to be asked again; 0 when it does not say. */
  holdUntil: number;
  /** What this worker asked a minute by then. */
  callsPerMinute: number;
}

/** What a worker tells of a limit, and wants of it. */
export interface Report {
  /** What the user says of the account; goes before what was learned. */
  settings: MinuteLimits;
  /** What the provider's answers say; null when that is no news. */
  announced: MinuteLimits | null;
  refusals: Refusals | null;
  /** Tokens that answers took above what was booked for them; negative when they took less. */
  excessTokens: number;
  /** What is booked for a call. */
  tokensPerCall: number;
  wants: Want[];
}

export interface Advanced {
  /** The same object where nothing is to be written. */
  shared: SharedLimit;
  /** Times of the slots, by campaign. */
  slots: Map<string, number[]>;
}

/** No provider may have everybody wait longer without being asked again. */
const LONGEST_HOLD_MS = 3_600_000;
/** After a silence of this length no rate is too high at once: it has to be tried for a while before it can be. */
const SILENCE_MS = 1_000;
const TRIED_MS = 300;
/** However often the provider refuses, it is asked this often a minute, and at least at this share of its limit of tokens. */
const LEAST_A_MINUTE = 4;
const LEAST_SHARE = 0.01;
/** A worker that was refused its first calls has measured nothing. */
const LEAST_MEASURED_A_MINUTE = 60;
const USED_MS = 60_000;

export const emptyLimit = (model: { baseUrl: string; model: string }): SharedLimit => ({
  ...model,
  writtenAt: 0,
  learned: { requests: null, tokens: null },
  measured: false,
  booked: { requests: 0, tokens: 0 },
  heldUntil: 0,
  refusal: null,
  claims: [],
  used: { requests: 0, tokens: 0 },
});

/** What holds now: the user's word before the provider's. */
export function limitsOf({ learned }: SharedLimit, settings: MinuteLimits): MinuteLimits {
  return {
    requests: settings.requests ?? learned.requests,
    tokens: settings.tokens ?? learned.tokens,
  };
}

/** True when calls need no slots. */
export function isUnlimited(shared: SharedLimit, settings: MinuteLimits, now: number): boolean {
  if (shared.heldUntil > now || settings.requests !== null || settings.tokens !== null) return false;
  const { requests, tokens } = shared.learned;
  return (requests === null && tokens === null) || isForgotten(shared, now);
}

/** Takes a worker's report into what all know, and books slots for what it wants. */
export function advance(before: SharedLimit, report: Report, now: number): Advanced {
  const { settings, announced, refusals, excessTokens } = report;
  let shared = before;
  if (announced) shared = { ...shared, learned: announced, measured: false };
  if (refusals) shared = refuse(shared, refusals, settings, now);
  const spacing = currentSpacing(shared, report, now);
  if (excessTokens !== 0) {
    const { requests, tokens } = shared.booked;
    const excess = (excessTokens * spacing.tokens) / Math.max(1, report.tokensPerCall);
    shared = { ...shared, booked: { requests, tokens: Math.max(tokens, now) + excess } };
  }
  const slots = new Map<string, number[]>();
  if (isUnlimited(shared, settings, now)) return { shared: stamped(shared, before, now), slots };
  for (const want of bySeniority(report.wants, shared.claims, now)) {
    const [next, booked] = give(shared, want, spacing, now);
    if (booked.length > 0) slots.set(want.campaign, booked);
    shared = next;
  }
  const given = [...slots.values()].reduce((sum, { length }) => sum + length, 0);
  if (given > 0) shared = { ...shared, used: usedAfter(shared, given, report.tokensPerCall, now) };
  return { shared: stamped(shared, before, now), slots };
}

function give(shared: SharedLimit, want: Want, spacing: Spacing, now: number): [SharedLimit, number[]] {
  const ahead = givesWay(shared.claims, want, now) ? HORIZON_MS / 2 : HORIZON_MS;
  const until = now + ahead;
  const held = { ...shared.booked, requests: Math.max(shared.booked.requests, shared.heldUntil) };
  const { slots, booked } = bookSlots(held, { spacing, now, until, most: want.calls });
  const { claims } = shared;
  if (slots.length === 0 && !isNews(claimOf(claims, want.campaign, now), want, now)) return [shared, slots];
  const ms = slots.length * Math.max(spacing.requests, spacing.tokens);
  const served = withServed(claims, want, { slots: slots.length, ms }, now);
  return [{ ...shared, booked: slots.length > 0 ? booked : shared.booked, claims: served }, slots];
}

/** Others need not be told again and again that somebody waits. */
const isNews = ({ wantsUntil, priority }: Claim, want: Want, now: number): boolean =>
  want.calls > 0 && (wantsUntil < now + CLAIM_MS / 2 || want.priority > priority);

/** Who got least is served first. */
function bySeniority(wants: readonly Want[], claims: readonly Claim[], now: number): Want[] {
  const served = ({ campaign }: Want) => claimOf(claims, campaign, now).served;
  return [...wants].sort((a, b) => served(a) - served(b));
}

/**
 * A refusal of a call that was booked before the last one was heeded says nothing new of the rate, and neither does one
 * right after everybody was silent.
 */
function refuse(shared: SharedLimit, refusals: Refusals, settings: MinuteLimits, now: number): SharedLimit {
  const heldUntil = Math.max(shared.heldUntil, Math.min(refusals.holdUntil, now + LONGEST_HOLD_MS));
  const isSilent = heldUntil - now >= SILENCE_MS;
  const at = isSilent ? heldUntil + TRIED_MS : Math.max(now, heldUntil);
  const { requests, tokens } = limitsOf(shared, settings);
  if ((requests === null && tokens === null) || isForgotten(shared, now)) {
    const measured = Math.max(LEAST_MEASURED_A_MINUTE, refusals.callsPerMinute);
    const learned = { requests: measured, tokens: null };
    return { ...shared, heldUntil, learned, measured: true, refusal: { at, share: 1 } };
  }
  if (shared.refusal && refusals.bookedAt <= shared.refusal.at) {
    const refusal = isSilent ? { ...shared.refusal, at } : shared.refusal;
    return { ...shared, heldUntil, refusal };
  }
  const least = requests === null ? LEAST_SHARE : Math.min(1, LEAST_A_MINUTE / requests);
  return { ...shared, heldUntil, refusal: { at, share: Math.max(least, shareOf(shared, now)) } };
}

const currentSpacing = (shared: SharedLimit, { settings, tokensPerCall }: Report, now: number): Spacing =>
  spacingOf(limitsOf(shared, settings), shareOf(shared, now), tokensPerCall);

/** Calls and tokens of about the last minute: each counts less and less as it gets older. */
export function usedNow({ used, writtenAt }: SharedLimit, now: number): SharedLimit['used'] {
  const left = Math.exp(-Math.max(0, now - writtenAt) / USED_MS);
  return { requests: used.requests * left, tokens: used.tokens * left };
}

function usedAfter(shared: SharedLimit, calls: number, tokensPerCall: number, now: number) {
  const { requests, tokens } = usedNow(shared, now);
  return { requests: requests + calls, tokens: tokens + calls * tokensPerCall };
}

const stamped = (shared: SharedLimit, before: SharedLimit, now: number): SharedLimit =>
  shared === before ? before : { ...shared, used: usedStamped(shared, before, now), writtenAt: now };

/** What was used is told as of the time of writing. */
const usedStamped = (shared: SharedLimit, before: SharedLimit, now: number): SharedLimit['used'] =>
  shared.used === before.used ? usedNow(before, now) : shared.used;
