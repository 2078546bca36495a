import type { Claim } from '../../schemas/rateLimit';

/** Who has waiting calls says so for this long; a dead worker's campaign stands in nobody's way for longer. */
export const CLAIM_MS = 2_000;
/** A campaign that has not asked for so long is forgotten. */
const FORGOTTEN_AFTER_MS = 60_000;

export interface Want {
  campaign: string;
  /** The highest of its waiting calls. */
  priority: number;
  /** Calls for which there is no slot yet. */
  calls: number;
}

/**
 * A campaign's claim as it stands now. One that comes back, or is new, begins where the one that got least is: nobody
 * saves up what he did not ask for.
 */
export function claimOf(claims: readonly Claim[], campaign: string, now: number): Claim {
  const own = claims.find((claim) => claim.campaign === campaign);
  if (own && isWanting(own, now)) return own;
  const wanting = claims.filter((claim) => isWanting(claim, now)).map(({ served }) => served);
  const least = wanting.length > 0 ? Math.min(...wanting) : 0;
  return { campaign, served: Math.max(own?.served ?? 0, least), wantsUntil: 0, priority: 0 };
}

/**
 * True when somebody else who waits comes first: more urgent calls of the same campaign, or a campaign that got less.
 * Who gives way may book only what is about to be lost, so that nothing is.
 */
export function givesWay(claims: readonly Claim[], { campaign, priority }: Want, now: number): boolean {
  const own = claimOf(claims, campaign, now);
  return claims.some(
    (claim) =>
      isWanting(claim, now) &&
      (claim.campaign === campaign ? claim.priority > priority : claim.served < own.served),
  );
}

/** The claims after a campaign was given slots. */
export function withServed(
  claims: readonly Claim[],
  { campaign, priority, calls }: Want,
  given: { slots: number; ms: number },
  now: number,
): Claim[] {
  const before = claimOf(claims, campaign, now);
  const others = claims.filter(
    (claim) => claim.campaign !== campaign && claim.wantsUntil > now - FORGOTTEN_AFTER_MS,
  );
  const waits = given.slots < calls;
  // Another worker of the campaign may wait as well.
  const stillHigher = isWanting(before, now) && before.priority > priority;
  const own = {
    campaign,
    served: before.served + given.ms,
    wantsUntil: waits ? now + CLAIM_MS : Math.max(before.wantsUntil, now),
    priority: stillHigher ? before.priority : priority,
  };
  return [...others, stillHigher ? { ...own, wantsUntil: before.wantsUntil } : own];
}

const isWanting = ({ wantsUntil }: Claim, now: number): boolean => wantsUntil > now;
