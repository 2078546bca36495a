import { z } from 'zod';
import {
  type BatchProgress,
  FinishedBatch,
  KeptConversations,
  type PlayedRow,
  RatedRow,
  type UnratedEpisodes,
} from '../../schemas/batch';
import { type CollectedEpisode, Episode } from '../../schemas/episode';
import { sumSpent } from '../../domain/plan/cost';
import { uniteModels } from '../../domain/plan/answeringModels';
import { MEDIA_TYPES } from '../../schemas/names';
import type { StageCost } from '../../schemas/plan';
import { Rating } from '../../schemas/rating';
import type { ArtifactStore } from '../../artifacts/artifactStore';
import type { CollectionDesigns } from '../support/collectionDesigns';

/** Episodes `from` up to, not including, `to` of a design. */
export interface BatchInput {
  /** Digest of the design. */
  design: string;
  /** Digest of the design without its judge: its conversations are the same whoever rates them. */
  play: string;
  from: number;
  to: number;
}

const EXAMPLE_LENGTH = 100;

/** Where batches of episodes lie: finished ones for good, interrupted ones until they go on. */
export class BatchStore {
  constructor(
    private readonly store: ArtifactStore,
    private readonly designs: CollectionDesigns,
  ) {}

  finished(batch: BatchInput): Promise<FinishedBatch | null> {
    return this.store.getDocument(keyOf('finished', batch.design, batch), FinishedBatch);
  }

  episode(digest: string): Promise<Episode> {
    return this.store.getJson(digest, Episode);
  }

  /** What an earlier attempt left; another judge's attempt leaves its conversations. */
  async kept(batch: BatchInput): Promise<Pick<BatchProgress, 'rated' | 'played' | 'open'>> {
    const conversations = await this.store.getDocument(
      keyOf('conversations', batch.play, batch),
      KeptConversations,
    );
    const rated = await this.store.getDocument(keyOf('ratings', batch.design, batch), z.array(RatedRow));
    return { played: conversations?.played ?? [], open: conversations?.open ?? [], rated: rated ?? [] };
  }

  async keep(batch: BatchInput, { played, rated, open }: BatchProgress): Promise<void> {
    await this.keepConversations(batch, { played: [...played, ...rated.map(conversationOf)], open });
    await this.store.putDocument(keyOf('ratings', batch.design, batch), rated);
  }

  /** Writes the batch's index; whoever commits first wins, and everyone gets what is stored. */
  async commit(batch: BatchInput, rows: readonly RatedRow[]): Promise<FinishedBatch> {
    const { episodes } = await this.designs.load(batch.design);
    const collected = rows.map(
      ({ spent: _spent, judging: _judging, models: _models, judges: _judges, ...row }): CollectedEpisode => {
        const { id, task, players } = episodes[row.number] as (typeof episodes)[number];
        return { ...row, id, task, players };
      },
    );
    const index = await this.store.putJsonLines(
      collected,
      `episodes-${batch.from}-${batch.to}.jsonl`,
      MEDIA_TYPES.episodes,
    );
    const models = uniteModels(rows.flatMap((row) => [row.models, row.judges]));
    const finished = { index, unrated: await this.unratedOf(rows), cost: costOf(rows), models };
    await this.keepConversations(batch, { played: rows.map(conversationOf), open: [] });
    const written = await this.store.putDocumentOnce(keyOf('finished', batch.design, batch), finished);
    return written ? finished : ((await this.finished(batch)) ?? finished);
  }

  private async unratedOf(rows: readonly RatedRow[]): Promise<UnratedEpisodes> {
    const unrated: UnratedEpisodes = { count: 0, reasons: {}, example: null };
    for (const { rating: digest } of rows.filter((row) => row.scores === null)) {
      const rating = await this.store.getJson(digest, Rating);
      if (rating.kind === 'rated') continue;
      unrated.count += 1;
      unrated.reasons[rating.reason] = (unrated.reasons[rating.reason] ?? 0) + 1;
      unrated.example ??= JSON.stringify(rating.answer.slice(0, EXAMPLE_LENGTH));
    }
    return unrated;
  }

  /** An attempt that comes late leaves the conversations of which the finished batch is made. */
  private async keepConversations(batch: BatchInput, kept: z.infer<typeof KeptConversations>): Promise<void> {
    if (await this.finished(batch)) return;
    await this.store.putDocument(keyOf('conversations', batch.play, batch), kept);
  }
}

const conversationOf = ({
  rating: _rating,
  scores: _scores,
  judging: _judging,
  judges: _judges,
  ...row
}: RatedRow): PlayedRow => row;

const costOf = (rows: readonly RatedRow[]): StageCost => ({
  ...sumSpent(rows.flatMap(({ spent, judging }) => [spent, judging])),
  gpuSeconds: 0,
});

const keyOf = (what: 'finished' | 'conversations' | 'ratings', digest: string, { from, to }: BatchInput) =>
  `batches/${what}/${digest}/${padded(from)}-${padded(to)}.json`;

const padded = (number: number): string => String(number).padStart(8, '0');
