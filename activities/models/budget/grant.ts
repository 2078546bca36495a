import { type Left } from '../../../domain/budget/ledger';
import type { Amount } from '../../../schemas/ledger';

/** Calls that a worker takes at a time, at first; the next time it needs some soon, it takes twice as many. */
export const FIRST_BLOCK = 32;
export const LARGEST_BLOCK = 4096;
/** Nobody takes more than this share of what is left, unless it is for calls that wait: others need some too. */
const SHARE = 16;

/**
 * What a worker is granted: enough for the calls that wait, and for a block of further ones like them while there is
 * plenty. Never more than what is left.
 * @param wanted what the waiting calls lack
 * @param call what one of them takes at most
 */
export const grantFor = (left: Left, wanted: Amount, call: Amount, block: number): Amount => ({
  calls: share(left.calls, wanted.calls, call.calls * block),
  nanodollars: share(left.nanodollars, wanted.nanodollars, call.nanodollars * block),
});

function share(left: number, wanted: number, block: number): number {
  const beyond = Math.min(block, Math.floor(left / SHARE));
  return Math.max(0, Math.min(left, Math.max(wanted, beyond)));
}
