import { isDeepStrictEqual } from 'node:util';
import type { ArtifactStore } from '../../../artifacts/artifactStore';
import { snapshotsKey } from '../../../artifacts/documentKeys';
import { modelId } from '../../../domain/plan/snapshotPolicies';
import {
  type AnsweredSnapshot,
  type BridgeEpisode,
  CampaignSnapshots,
  type NamedModel,
  type SnapshotChange,
} from '../../../schemas/snapshot';

/** One model in the record. */
export type ModelSnapshots = CampaignSnapshots['models'][number];

const NOTHING: CampaignSnapshots = { models: [] };

/** Which snapshots of its models a campaign has met: one document, which only a matching version may replace. */
export class SnapshotRecord {
  constructor(
    private readonly store: ArtifactStore,
    private readonly campaign: string,
  ) {}

  async of(model: NamedModel): Promise<ModelSnapshots> {
    return found(await this.read(), model);
  }

  /** Each snapshot that was not the first of its model, in the order in which they were met. */
  async changes(): Promise<SnapshotChange[]> {
    const { models } = await this.read();
    return models
      .flatMap(({ baseUrl, model, snapshots }) =>
        snapshots
          .slice(1)
          .map((snapshot, index) => ({ baseUrl, model, from: snapshots[index]?.name ?? '', ...snapshot })),
      )
      .sort((a, b) => (a.since < b.since ? -1 : 1));
  }

  /**
   * Notes how a snapshot stands, unless that is noted already.
   * @param decide what is to be noted, from all that is known by then
   * @returns what is noted
   */
  async note(
    model: NamedModel,
    name: string,
    decide: (known: ModelSnapshots) => Omit<AnsweredSnapshot, 'name' | 'since'>,
  ): Promise<AnsweredSnapshot> {
    return this.change(model, (known) => {
      const before = known.snapshots.find((one) => one.name === name);
      const noted = { name, since: before?.since ?? new Date().toISOString(), ...decide(known) };
      if (before && isDeepStrictEqual(before, noted)) return { result: before };
      const snapshots = before
        ? known.snapshots.map((one) => (one === before ? noted : one))
        : [...known.snapshots, noted];
      return { result: noted, changed: { ...known, snapshots } };
    });
  }

  /** Keeps episodes that the model's first snapshot has rated, up to so many in all. */
  async keepForBridge(model: NamedModel, rated: readonly BridgeEpisode[], most: number): Promise<void> {
    await this.change(model, (known) => {
      const kept = new Set(known.bridge.map(({ episode }) => episode));
      const fresh = rated.filter(({ episode }) => !kept.has(episode)).slice(0, most - known.bridge.length);
      return fresh.length === 0
        ? { result: undefined }
        : { result: undefined, changed: { ...known, bridge: [...known.bridge, ...fresh] } };
    });
  }

  private async change<R>(
    model: NamedModel,
    how: (known: ModelSnapshots) => { result: R; changed?: ModelSnapshots },
  ): Promise<R> {
    for (;;) {
      const document = await this.store.getVersioned(snapshotsKey(this.campaign), CampaignSnapshots);
      const { models } = document?.value ?? NOTHING;
      const { result, changed } = how(found({ models }, model));
      if (!changed) return result;
      const others = models.filter((one) => modelId(one) !== modelId(model));
      const next = { models: [...others, changed] };
      if (await this.store.replaceDocument(snapshotsKey(this.campaign), next, document?.version ?? null))
        return result;
    }
  }

  private async read(): Promise<CampaignSnapshots> {
    return (await this.store.getDocument(snapshotsKey(this.campaign), CampaignSnapshots)) ?? NOTHING;
  }
}

const found = ({ models }: CampaignSnapshots, { baseUrl, model }: NamedModel): ModelSnapshots =>
  models.find((one) => modelId(one) === modelId({ baseUrl, model })) ?? {
    baseUrl,
    model,
    snapshots: [],
    bridge: [],
  };
