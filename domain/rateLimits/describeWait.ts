import type { MinuteLimits, SharedLimit } from '../../schemas/rateLimit';
import { limitsOf, usedNow } from './advance';

/** Why calls of a limited model wait, for people. Much the same for as long as they do, so that it is read once. */
export function describeWait(shared: SharedLimit, settings: MinuteLimits, now: number): string {
  const model = `model "${shared.model}" at ${shared.baseUrl}`;
  if (shared.heldUntil > now)
    return `${model} limits the rate and asks not to be called for a while. Calls go on by themselves.`;
  const limits = limitsOf(shared, settings);
  const used = usedNow(shared, now);
  const parts = (['requests', 'tokens'] as const).flatMap((what) => {
    const limit = limits[what];
    return limit === null ? [] : [`${percent(used[what] / limit)} of ${whole(limit)} ${what} a minute`];
  });
  const sharing = shared.claims.filter(({ wantsUntil }) => wantsUntil > now).length;
  const among = sharing > 1 ? `, shared by ${sharing} campaigns` : '';
  return `${model} is used to ${parts.join(' and ')}${among}. Calls wait for their turn.`;
}

/** To 5 %. */
const percent = (share: number): string => `${Math.min(100, 5 * Math.round(20 * share))} %`;
const whole = (value: number): string => Math.round(value).toLocaleString('en');
