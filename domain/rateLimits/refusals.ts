import type { SharedLimit } from '../../schemas/rateLimit';

/** What is left of the share that was too much, right after a refusal. */
const LEFT = 0.8;
/** Milliseconds until that share is reached again, and in which it grows by as much again afterwards. */
const REGAINED_AFTER_MS = 10_000;
const PROBED_IN_MS = 4_000;
/** A limit that was measured when the provider refused means nothing when it has not refused again for so long. */
export const FORGOTTEN_AFTER_MS = 60_000;

/**
 * The share of the limit that may be used some time after a refusal: a cubic, as TCP's CUBIC has it (RFC 9438). It
 * rises fast at first, rests near the share that was too much, and leaves it ever faster once that is no longer so.
 */
export function shareOf(
  { refusal, measured }: Pick<SharedLimit, 'refusal' | 'measured'>,
  now: number,
): number {
  if (refusal === null) return 1;
  const beyond = Math.max(0, now - refusal.at) - REGAINED_AFTER_MS;
  const scaled = beyond / (beyond < 0 ? REGAINED_AFTER_MS : PROBED_IN_MS);
  const share = refusal.share * (1 + (1 - LEFT) * scaled ** 3);
  return measured ? share : Math.min(1, share);
}

/** True when there is a limit only because the provider refused, and that is long ago. */
export const isForgotten = ({ refusal, measured }: SharedLimit, now: number): boolean =>
  measured && (refusal === null || now - refusal.at > FORGOTTEN_AFTER_MS);
