import { createHash } from 'node:crypto';
import { ApiError } from '../apiError';
import { Price, type ProviderSettings } from './settings';

/** What one answer took, in tokens. Cached ones are among the input, reasoning among the output. */
export interface Usage {
  input: number;
  cached: number;
  output: number;
  reasoning: number;
}

/** An answer that was given: what its key pays for. */
export interface Served {
  key: string;
  model: string;
  usage: Usage;
  /** Paid at half the price. */
  batch: boolean;
}

/** Answers of one kind within one minute, summed. */
export interface Entry {
  /** Seconds since 1970, a whole minute. */
  minute: number;
  keyId: string;
  model: string;
  batch: boolean;
  requests: number;
  usage: Usage;
  /** Billionths of a US dollar: whole, so that sums are exact. */
  cost: number;
}

export const BILLION = 1_000_000_000;

/** What every key was served and pays; the provider's own count, whatever became of the answers. */
export class Books {
  private readonly sums = new Map<string, Entry>();
  private readonly spentBy = new Map<string, { calls: number; cost: number }>();

  constructor(
    private readonly settings: () => ProviderSettings,
    private readonly now: () => number,
  ) {}

  get entries(): readonly Entry[] {
    return [...this.sums.values()];
  }

  /** Errors: ApiError 429 insufficient_quota when the key has used up what it may. */
  checkQuota(key: string): void {
    const { dollars, calls } = this.settings().quota;
    const spent = this.spentBy.get(key) ?? { calls: 0, cost: 0 };
    const over =
      (dollars !== null && spent.cost >= Math.round(dollars * BILLION)) ||
      (calls !== null && spent.calls >= calls);
    if (!over) return;
    const message =
      'You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs.';
    throw new ApiError(429, 'insufficient_quota', message, null, 'insufficient_quota');
  }

  book({ key, model, usage, batch }: Served): void {
    const cost = costOf(usage, this.settings().models[model]?.price ?? Price.parse({}), batch);
    const minute = Math.floor(this.now() / 60_000) * 60;
    const keyId = keyIdOf(key);
    const id = JSON.stringify([minute, keyId, model, batch]);
    const entry = this.sums.get(id) ?? {
      ...{ minute, keyId, model, batch, requests: 0, cost: 0 },
      usage: { input: 0, cached: 0, output: 0, reasoning: 0 },
    };
    entry.requests += 1;
    entry.cost += cost;
    for (const kind of ['input', 'cached', 'output', 'reasoning'] as const) entry.usage[kind] += usage[kind];
    this.sums.set(id, entry);
    const spent = this.spentBy.get(key) ?? { calls: 0, cost: 0 };
    this.spentBy.set(key, { calls: spent.calls + 1, cost: spent.cost + cost });
  }
}

/** Billionths of a dollar: a price of one dollar a million tokens is a thousand of them a token. */
function costOf({ input, cached, output }: Usage, price: Price, batch: boolean): number {
  const full =
    (input - cached) * Math.round(price.input * 1000) +
    cached * Math.round(price.cachedInput * 1000) +
    output * Math.round(price.output * 1000);
  return batch ? Math.round(full / 2) : full;
}

/** Reports name keys by ids, never by themselves. */
export const keyIdOf = (key: string): string =>
  `key_${createHash('sha256').update(key).digest('hex').slice(0, 16)}`;
