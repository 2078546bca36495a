import type { ArtifactStore } from '../../../artifacts/artifactStore';
import type { ModelSpec } from '../../../schemas/model';
import type { Environment } from '../../support/environment';
import { LimitDocument } from './limitDocument';
import { RateLimiter } from './rateLimiter';
import type { LimitsOfModel } from './readProviderSettings';
import { SharedClock } from './sharedClock';

export interface RateLimitDependencies {
  store: ArtifactStore;
  environment: Pick<Environment, 'resolve'>;
  /** What the user says of accounts. */
  settings: LimitsOfModel;
}

/** The limits of all models that this worker calls. */
export class RateLimits {
  private readonly clock = new SharedClock();
  private readonly limiters = new Map<string, RateLimiter>();
  /** Specifications are parsed once and asked with a thousand times. */
  private readonly known = new WeakMap<ModelSpec, RateLimiter>();

  constructor(private readonly dependencies: RateLimitDependencies) {}

  /** Errors: CONFIGURATION_MISSING. */
  of(spec: ModelSpec): RateLimiter {
    const known = this.known.get(spec) ?? this.find(spec);
    this.known.set(spec, known);
    return known;
  }

  private find({ baseUrl, model, apiKeyEnv }: ModelSpec): RateLimiter {
    const { store, environment, settings } = this.dependencies;
    const limited = { baseUrl, model, apiKeyEnv, address: environment.resolve(baseUrl) };
    const key = JSON.stringify(limited);
    const document = new LimitDocument(store, limited, this.clock);
    const limiter =
      this.limiters.get(key) ?? new RateLimiter(limited, settings(limited), document, this.clock);
    this.limiters.set(key, limiter);
    return limiter;
  }
}
