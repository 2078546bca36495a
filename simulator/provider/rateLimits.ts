import { ApiError } from '../apiError';
import type { ProviderSettings } from './settings';
import { waitHeaders } from './waitHeaders';

/** A bucket that fills steadily; `level` is what it held at `at` (milliseconds). */
interface Bucket {
  level: number;
  at: number;
}

interface Limit {
  kind: 'requests' | 'tokens';
  perMinute: number;
}

const MINUTE_MS = 60_000;

/** Limits of requests and tokens a minute, kept by one pair of token buckets for each API key and model. */
export class RateLimits {
  private readonly buckets = new Map<string, Bucket>();

  constructor(
    private readonly settings: () => ProviderSettings,
    private readonly now: () => number,
  ) {}

  /**
   * Takes a request and its tokens out of the buckets.
   * @returns the headers that tell what is left
   * Errors: ApiError 429 with the time to wait. A request turned away for its tokens still counts as a request.
   */
  admit(key: string, model: string, tokens: number): Record<string, string> {
    for (const limit of this.limitsOf(model)) {
      const amount = limit.kind === 'tokens' ? tokens : 1;
      const bucket = this.filled(key, model, limit);
      if (bucket.level + 1e-9 < amount) throw this.turnedAway(key, model, limit, amount, bucket.level);
      bucket.level -= amount;
    }
    return this.headers(key, model);
  }

  private headers(key: string, model: string): Record<string, string> {
    const entries = this.limitsOf(model).flatMap((limit) => {
      const { level } = this.filled(key, model, limit);
      const missing = this.capacityOf(limit) - level;
      return [
        [`x-ratelimit-limit-${limit.kind}`, String(limit.perMinute)],
        [`x-ratelimit-remaining-${limit.kind}`, String(Math.floor(level))],
        [`x-ratelimit-reset-${limit.kind}`, duration((missing / limit.perMinute) * MINUTE_MS)],
      ];
    });
    return Object.fromEntries(entries) as Record<string, string>;
  }

  private turnedAway(key: string, model: string, limit: Limit, amount: number, level: number): ApiError {
    const { kind, perMinute } = limit;
    const name = kind === 'requests' ? 'requests per min (RPM)' : 'tokens per min (TPM)';
    const capacity = this.capacityOf(limit);
    const headers = this.headers(key, model);
    if (amount > capacity) {
      const message = `Request too large for ${model} on ${name}: Limit ${capacity}, Requested ${amount}. The input or output tokens must be reduced in order to run successfully.`;
      return new ApiError(429, 'rate_limit_exceeded', message, null, kind, headers);
    }
    const waitMs = Math.ceil(((amount - level) / perMinute) * MINUTE_MS);
    const used = Math.ceil(capacity - level);
    const message = `Rate limit reached for ${model} on ${name}: Limit ${perMinute}, Used ${used}, Requested ${amount}. Please try again in ${duration(waitMs)}.`;
    const wait = waitHeaders(this.settings().retryAfter, waitMs);
    return new ApiError(429, 'rate_limit_exceeded', message, null, kind, { ...headers, ...wait });
  }

  private limitsOf(model: string): Limit[] {
    const { requestsPerMinute, tokensPerMinute } = this.settings().models[model] ?? {};
    const limits = [
      { kind: 'requests' as const, perMinute: requestsPerMinute ?? null },
      { kind: 'tokens' as const, perMinute: tokensPerMinute ?? null },
    ];
    return limits.flatMap(({ kind, perMinute }) => (perMinute === null ? [] : [{ kind, perMinute }]));
  }

  private capacityOf({ perMinute }: Limit): number {
    return Math.max(1, (perMinute * this.settings().burstSeconds) / 60);
  }

  private filled(key: string, model: string, limit: Limit): Bucket {
    const now = this.now();
    const capacity = this.capacityOf(limit);
    const id = JSON.stringify([key, model, limit.kind]);
    const bucket = this.buckets.get(id) ?? { level: capacity, at: now };
    bucket.level = Math.min(capacity, bucket.level + ((now - bucket.at) / MINUTE_MS) * limit.perMinute);
    bucket.at = now;
    this.buckets.set(id, bucket);
    return bucket;
  }
}

/** As Go writes durations, which is how OpenAI's headers have them: `120ms`, `1.5s`, `6m0s`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`;
  const seconds = Number(((ms % MINUTE_MS) / 1000).toFixed(3));
  const minutes = Math.floor(ms / MINUTE_MS);
  return minutes === 0 ? `${seconds}s` : `${minutes}m${seconds}s`;
}
