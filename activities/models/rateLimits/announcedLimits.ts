import type { MinuteLimits } from '../../../schemas/rateLimit';

/** What is read of an answer's headers; the platform's and the client's own have it. */
export type AnswerHeaders = Pick<Headers, 'get'>;

/**
 * The limits a minute that an answer tells of (OpenAI's names, which other makers use as well); null where it tells of
 * none. A limit that takes more than a minute to renew is one of another span, such as a day: it is not paced, and
 * when it is used up, the refusal says how long to wait.
 */
export function announcedLimits(headers: AnswerHeaders | undefined): MinuteLimits | null {
  const requests = perMinute(headers, 'requests');
  const tokens = perMinute(headers, 'tokens');
  return requests === null && tokens === null ? null : { requests, tokens };
}

/** Milliseconds until what is used up is there again; null when nothing is, or it is not told. */
export function resetOf(headers: AnswerHeaders | undefined): number | null {
  const resets = (['requests', 'tokens'] as const).flatMap((what) => {
    const remaining = headers?.get(`x-ratelimit-remaining-${what}`);
    const reset = durationMs(headers?.get(`x-ratelimit-reset-${what}`));
    return remaining === '0' && reset !== null ? [reset] : [];
  });
  return resets.length > 0 ? Math.max(...resets) : null;
}

const MINUTE_MS = 60_000;

function perMinute(headers: AnswerHeaders | undefined, what: 'requests' | 'tokens'): number | null {
  const limit = Number(headers?.get(`x-ratelimit-limit-${what}`) ?? Number.NaN);
  if (!Number.isFinite(limit) || limit <= 0) return null;
  const reset = durationMs(headers?.get(`x-ratelimit-reset-${what}`));
  return reset !== null && reset > MINUTE_MS ? null : limit;
}

const UNITS_MS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** As in `6m0s`, `1.5s`, `20ms`, or seconds without a unit. */
function durationMs(text: string | null | undefined): number | null {
  if (!text) return null;
  if (/^\d+(\.\d+)?$/.test(text)) return 1_000 * Number(text);
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return null;
  const parts = text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g);
  return [...parts].reduce((sum, [, value, unit = '']) => sum + Number(value) * (UNITS_MS[unit] ?? 0), 0);
}
