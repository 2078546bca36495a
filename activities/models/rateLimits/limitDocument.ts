import { setTimeout as delay } from 'node:timers/promises';
import { rateLimitKey } from '../../../artifacts/documentKeys';
import type { ArtifactStore } from '../../../artifacts/artifactStore';
import { sha256 } from '../../../artifacts/canonicalJson';
import { type Advanced, advance, emptyLimit, type Report } from '../../../domain/rateLimits/advance';
import { SharedLimit } from '../../../schemas/rateLimit';
import type { SharedClock } from './sharedClock';

/** A model of an account: what providers limit. */
export interface LimitedModel {
  /** As the campaign file has it. */
  baseUrl: string;
  /** As it is called. */
  address: string;
  apiKeyEnv: string | undefined;
  model: string;
}

/** Workers that were in each other's way do not come back together. */
const LONGEST_PAUSE_MS = 40;

/** What all workers know of a limit, as it lies in the store. */
export class LimitDocument {
  private readonly key: string;

  constructor(
    private readonly store: ArtifactStore,
    private readonly model: LimitedModel,
    private readonly clock: SharedClock,
  ) {
    const { address, apiKeyEnv = '', model: name } = model;
    this.key = rateLimitKey(sha256(Buffer.from(JSON.stringify([address, apiKeyEnv, name]))));
  }

  /** Errors: STORAGE_*. */
  async read(): Promise<SharedLimit> {
    return (await this.readVersioned()).shared;
  }

  /** Tells the others, and books what is wanted. Errors: STORAGE_*. */
  async advance(report: Report): Promise<Advanced> {
    for (;;) {
      const { shared, version } = await this.readVersioned();
      const advanced = advance(shared, report, this.clock.now());
      if (advanced.shared === shared) return advanced;
      if (await this.store.replaceDocument(this.key, advanced.shared, version)) return advanced;
      await delay(LONGEST_PAUSE_MS * Math.random());
    }
  }

  private async readVersioned(): Promise<{ shared: SharedLimit; version: string | null }> {
    const found = await this.store.getVersioned(this.key, SharedLimit);
    if (found) this.clock.heard(found.value.writtenAt);
    const { baseUrl, model } = this.model;
    return { shared: found?.value ?? emptyLimit({ baseUrl, model }), version: found?.version ?? null };
  }
}
