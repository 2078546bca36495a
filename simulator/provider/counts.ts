const MINUTE_MS = 60_000;

/** Why calls were not answered: by the limits, by the quota, refused with another 4xx, failed with 5xx. */
export type TurnedAway = 'rateLimited' | 'quota' | 'refused' | 'failed';

/** What a model was asked under one key. */
export interface ModelCounts {
  served: number;
  /** Most requests and tokens let in within any 60 seconds. */
  mostRequestsAMinute: number;
  mostTokensAMinute: number;
}

export interface ProviderCounts {
  /** Calls being answered now, and the most at any time. */
  inFlight: number;
  mostInFlight: number;
  served: number;
  turnedAway: Record<TurnedAway, number>;
  models: Record<string, ModelCounts>;
}

interface Admission {
  at: number;
  tokens: number;
}

/** What the provider did since it started; models are counted over all keys. */
export class Counts {
  private inFlight = 0;
  private mostInFlight = 0;
  private readonly turnedAway = { rateLimited: 0, quota: 0, refused: 0, failed: 0 };
  private readonly models = new Map<string, ModelCounts>();
  private readonly windows = new Map<string, { admitted: Admission[]; tokens: number }>();

  constructor(private readonly now: () => number) {}

  read(): ProviderCounts {
    const models = Object.fromEntries([...this.models].map(([name, counts]) => [name, { ...counts }]));
    const served = Object.values(models).reduce((sum, model) => sum + model.served, 0);
    const { inFlight, mostInFlight } = this;
    return { inFlight, mostInFlight, served, turnedAway: { ...this.turnedAway }, models };
  }

  async whileInFlight<R>(work: () => Promise<R>): Promise<R> {
    this.inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    try {
      return await work();
    } finally {
      this.inFlight -= 1;
    }
  }

  admitted(model: string, tokens: number): void {
    const now = this.now();
    const window = this.windows.get(model) ?? { admitted: [], tokens: 0 };
    this.windows.set(model, window);
    window.admitted.push({ at: now, tokens });
    window.tokens += tokens;
    const gone = window.admitted.findIndex(({ at }) => at > now - MINUTE_MS);
    for (const { tokens: left } of window.admitted.splice(0, gone)) window.tokens -= left;
    const counts = this.of(model);
    counts.mostRequestsAMinute = Math.max(counts.mostRequestsAMinute, window.admitted.length);
    counts.mostTokensAMinute = Math.max(counts.mostTokensAMinute, window.tokens);
  }

  answered(model: string): void {
    this.of(model).served += 1;
  }

  turned(why: TurnedAway): void {
    this.turnedAway[why] += 1;
  }

  private of(model: string): ModelCounts {
    const counts = this.models.get(model) ?? { served: 0, mostRequestsAMinute: 0, mostTokensAMinute: 0 };
    this.models.set(model, counts);
    return counts;
  }
}
