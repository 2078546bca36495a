import type { ArtifactStore } from '../../artifacts/artifactStore';
import { lineageOf, resumablePoints } from '../../domain/training/epochs';
import type { IgnoredCheckpoint, StoredCheckpoint, TrainingEpoch } from '../../schemas/checkpoint';
import { claimEpoch, epochsAfter, getCheckpoint, putCheckpoint, readHistory } from './checkpoints';
import { failure } from './failures';
import type { StageWork } from './stageWork';

/** What a claim differs in from the one before it; none of it for an attempt's first. */
export interface ClaimChange {
  ignored?: IgnoredCheckpoint;
  halvings?: number;
}

/**
 * An attempt's hold on a training stage: says where to go on from, and takes its checkpoints while no newer attempt of
 * the campaign has taken over. A partitioned machine whose trainer lives on adds to nothing that anybody goes on from.
 */
export class TrainingClaim {
  private constructor(
    private readonly store: ArtifactStore,
    private readonly key: string,
    readonly epoch: TrainingEpoch,
    /** All checkpoints that were passed over so far, by this attempt and those before. */
    readonly ignored: readonly IgnoredCheckpoint[],
  ) {}

  /** Claims the next epoch of a stage, to go on from its newest checkpoint. */
  static async take(
    store: ArtifactStore,
    { campaign, key }: Pick<StageWork, 'campaign' | 'key'>,
    holder: string,
    change: ClaimChange,
  ): Promise<TrainingClaim> {
    const history = await readHistory(store, key);
    const { epochs } = history;
    const halvings =
      change.halvings ?? epochs.findLast((epoch) => epoch.campaign === campaign)?.halvings ?? 0;
    const ignored = [...epochs.map((epoch) => epoch.ignored), change.ignored ?? null].filter(
      (checkpoint) => checkpoint !== null,
    );
    const [resumedFrom = null] = resumablePoints(history, halvings, ignored);
    const number = (epochs.at(-1)?.epoch ?? 0) + 1;
    const epoch = {
      epoch: number,
      campaign,
      holder,
      resumedFrom,
      ignored: change.ignored ?? null,
      halvings,
    };
    const isOurs = await claimEpoch(store, key, epoch);
    return isOurs
      ? new TrainingClaim(store, key, epoch, ignored)
      : TrainingClaim.take(store, { campaign, key }, holder, change);
  }

  /** Errors: TRAINER_STOPPED when a newer attempt has taken over. */
  async assertNewest(): Promise<void> {
    const newer = await epochsAfter(this.store, this.key, this.epoch.epoch);
    const successor = newer.find(({ campaign }) => campaign === this.epoch.campaign);
    if (!successor) return;
    throw failure(
      'TRAINER_STOPPED',
      `Attempt ${this.epoch.holder} trains no further: attempt ${successor.holder} has taken over (epoch ${successor.epoch} of checkpoints/${this.key}). What it made since then is not used.`,
    );
  }

  /** Errors: TRAINER_STOPPED, as assertNewest. */
  async keep(checkpoint: Omit<StoredCheckpoint, 'epoch'>): Promise<void> {
    await this.assertNewest();
    await putCheckpoint(this.store, this.key, { ...checkpoint, epoch: this.epoch.epoch });
  }

  /** The checkpoints that led here, by step, whichever attempts on whichever machines made them. */
  async lineage(): Promise<StoredCheckpoint[]> {
    const points = lineageOf(this.epoch.epoch, await readHistory(this.store, this.key));
    return Promise.all(points.map((point) => getCheckpoint(this.store, this.key, point)));
  }
}
