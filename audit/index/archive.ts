import type { z } from 'zod';
import type { Bucket } from '../../artifacts/bucket';
import { CollectedEpisode, Episode } from '../../schemas/episode';
import { TaskSet } from '../../schemas/profiles';
import { Rating } from '../../schemas/rating';
import { parseJson, readJsonBlob } from '../readBlob';
import type { AuditedCampaign, AuditedStage } from '../readCampaign';
import { inputOf, outputOf } from '../readManifest';
import { inThisThread } from '../threads';
import type { BlobCache } from './blobCache';
import { Lines } from './lines';
import type { PromptReader } from './promptIndex';
import { promptRecords } from './promptRecords';

/** An episode as a stage collected it. */
export interface EpisodePlace {
  stage: AuditedStage;
  row: CollectedEpisode;
}

/** A campaign of which single rows, episodes and calls can be asked for, without reading all of it. */
export class Archive {
  private readonly opened = new Map<string, Promise<Lines>>();

  constructor(
    readonly bucket: Bucket,
    readonly cache: BlobCache,
    readonly campaign: AuditedCampaign,
    /** What a search for a prompt reads with. */
    readonly promptReader: (bucket: Bucket) => PromptReader = (bucket) => inThisThread(bucket, promptRecords),
  ) {}

  json = <S extends z.ZodType>(digest: string, schema: S): Promise<z.infer<S>> =>
    readJsonBlob(this.bucket, digest, schema);

  lines(digest: string): Promise<Lines> {
    const opened = this.opened.get(digest) ?? this.cache.bytes(digest).then((bytes) => new Lines(bytes));
    this.opened.set(digest, opened);
    return opened;
  }

  /** Stages with an index of episodes. */
  get collections(): { stage: AuditedStage; index: string }[] {
    return this.campaign.stages.flatMap((stage) => {
      const index = outputOf(stage.manifest.statement, 'episodes');
      return index === undefined ? [] : [{ stage, index }];
    });
  }

  /** Collected episodes of which the index's line holds one of the texts. */
  async episodesHolding(...texts: readonly string[]): Promise<EpisodePlace[]> {
    const found = await Promise.all(
      this.collections.map(async ({ stage, index }) => {
        const lines = await this.lines(index);
        const rows = new Set(texts.flatMap((text) => [...lines.holding(text)]));
        return [...rows].map((line) => ({ stage, row: parseJson(line, CollectedEpisode, index) }));
      }),
    );
    return found.flat();
  }

  /** Rows of a stage's JSON Lines that hold a text. */
  async rowsHolding<S extends z.ZodType>(digest: string, text: string, schema: S): Promise<z.infer<S>[]> {
    const lines = await this.lines(digest);
    return [...lines.holding(text)].map((line) => parseJson(line, schema, `blob ${digest}`));
  }

  async firstRow<S extends z.ZodType>(digest: string, schema: S): Promise<z.infer<S> | undefined> {
    for (const line of (await this.lines(digest)).all()) return parseJson(line, schema, `blob ${digest}`);
    return undefined;
  }

  episode = ({ row }: EpisodePlace): Promise<Episode> => this.json(row.episode, Episode);
  rating = ({ row }: EpisodePlace): Promise<Rating> => this.json(row.rating, Rating);

  /** The tasks that a stage's episodes were cast from. */
  taskSetOf({ manifest, id }: AuditedStage): Promise<TaskSet> {
    const digest = inputOf(manifest.statement, 'tasks');
    if (digest === undefined) throw new Error(`stage ${id} has read no tasks`);
    return this.json(digest, TaskSet);
  }
}
