import { z } from 'zod';
import { designEpisodes as designPureEpisodes, type DesignParameters } from '../domain/episode/design';
import { ArtifactRef, Sha256 } from '../schemas/artifact';
import { CollectedEpisode, Ending } from '../schemas/episode';
import type { Player } from '../schemas/episode';
import { MEDIA_TYPES } from '../schemas/names';
import { TaskSet } from '../schemas/profiles';
import type { ParametersOf, StagePlayer } from '../schemas/plan';
import { Rating, UnratedReason } from '../schemas/rating';
import { PolicyCheckpoint } from '../schemas/training';
import type { ArtifactStore } from '../artifacts/artifactStore';
import { digestOfJson } from '../artifacts/canonicalJson';
import type { CollectionDesigns } from './support/collectionDesigns';
import { inputOf, type Plans, type StageWork } from './support/stageWork';

export interface CollectionDependencies {
  store: ArtifactStore;
  plans: Plans;
  designs: CollectionDesigns;
}

/** Episodes to be played and rated together, with the policies that must be served meanwhile. */
export interface PlannedCollection {
  /** Digest of the design. */
  design: string;
  /** Digest of the design without its judge: another judge rates the same episodes again, unplayed. */
  play: string;
  episodes: number;
  /** More unrated episodes than this fail the stage. */
  unratedLimit: number;
  policies: ArtifactRef[];
}

/** A finished conversation, rated or not yet. */
export const PlayedRow = z.strictObject({
  number: z.number().int(),
  episode: Sha256,
  ending: Ending,
  turns: z.number().int(),
});
export type PlayedRow = z.infer<typeof PlayedRow>;

export const RatedRow = PlayedRow.extend(CollectedEpisode.pick({ rating: true, scores: true }).shape);
export type RatedRow = z.infer<typeof RatedRow>;

export interface ShardInput {
  design: string;
  play: string;
  from: number;
  to: number;
}

export interface OpenedShard {
  /** Set when this shard was played and rated before. */
  finished: FinishedShard | null;
  /** Conversations finished before, to be rated only. */
  played: PlayedRow[];
  /** Conversations that the same judge has rated before. */
  rated: RatedRow[];
}

/** Why episodes have no rating, with one of the answers that could not be read. */
export const UnratedEpisodes = z.strictObject({
  count: z.number().int(),
  /** Of these, how many for which reason. */
  reasons: z.partialRecord(UnratedReason, z.number().int()),
  /** JSON text, cut; null when nothing is unrated. */
  example: z.string().nullable(),
});
export type UnratedEpisodes = z.infer<typeof UnratedEpisodes>;

const FinishedShard = z.strictObject({ index: ArtifactRef, unrated: UnratedEpisodes });
export type FinishedShard = z.infer<typeof FinishedShard>;

const EXAMPLE_LENGTH = 100;

export function createCollectionActivities({ store, plans, designs }: CollectionDependencies) {
  return {
    /** Decides all episodes of a stage: tasks, pairs, positions and seeds. */
    async designEpisodes(work: StageWork): Promise<PlannedCollection[]> {
      const { kind } = await plans.stage(work.plan, work.stage);
      const taskSet = inputOf(work, 'tasks').digest.sha256;
      if (kind === 'chooseCheckpoint') return designForCheckpoints(work, taskSet);
      if (kind === 'evaluatePolicy') {
        const parameters = await plans.parameters(kind, work);
        const contestant = toPlayer(parameters.contestant, work);
        return [
          await storeDesign(
            { ...common(parameters), mode: 'both-positions', contestant, partner: partnerOf(parameters) },
            taskSet,
            work.inputs,
          ),
        ];
      }
      const parameters = await plans.parameters('collectEpisodes', work);
      const [first, second] = parameters.players;
      const players = [toPlayer(first, work), toPlayer(second, work)] as const;
      return [await storeDesign({ ...common(parameters), mode: 'together', players }, taskSet, work.inputs)];
    },

    /** What is already there of a shard, from an earlier attempt or campaign. */
    async openShard({ design, play, from, to }: ShardInput): Promise<OpenedShard> {
      const finished = await store.getDocument(shardKey('finished', design, from, to), FinishedShard);
      if (finished) return { finished, played: [], rated: [] };
      const played = await store.getDocument(shardKey('played', play, from, to), z.array(PlayedRow));
      const rated = await store.getDocument(shardKey('ratings', design, from, to), z.array(RatedRow));
      return { finished: null, played: played ?? [], rated: rated ?? [] };
    },

    /** Keeps what there is of a shard that cannot be finished now: a later attempt goes on from there. */
    async keepShard({ design, play, from, to, played, rated }: ShardInput & Kept): Promise<void> {
      await store.putDocument(shardKey('played', play, from, to), played);
      await store.putDocument(shardKey('ratings', design, from, to), rated);
    },

    /** Keeps a finished shard: its index with the ratings, and its conversations apart from them. */
    async commitShard({
      design,
      play,
      from,
      to,
      rows,
    }: ShardInput & { rows: RatedRow[] }): Promise<FinishedShard> {
      const { episodes } = await designs.load(design);
      const collected = rows.map((row): CollectedEpisode => {
        const { id, task, players } = episodes[row.number] as (typeof episodes)[number];
        return { ...row, id, task, players };
      });
      const index = await store.putJsonLines(collected, `episodes-${from}-${to}.jsonl`);
      const finished = { index, unrated: await unratedOf(rows) };
      const played = rows.map(({ rating: _rating, scores: _scores, ...row }) => row);
      // An attempt that failed may have left a part of it.
      await store.putDocument(shardKey('played', play, from, to), played);
      await store.putDocumentOnce(shardKey('finished', design, from, to), finished);
      return finished;
    },

    /** One index of a stage's episodes from its shards' indexes. */
    async gatherEpisodes({ shards }: { shards: ArtifactRef[] }): Promise<ArtifactRef> {
      const texts = await Promise.all(shards.map((shard) => store.getText(shard)));
      return store.putText(texts.join(''), 'episodes.jsonl', MEDIA_TYPES.jsonLines);
    },
  };

  async function unratedOf(rows: readonly RatedRow[]): Promise<UnratedEpisodes> {
    const unrated: UnratedEpisodes = { count: 0, reasons: {}, example: null };
    for (const { rating: digest } of rows.filter((row) => row.scores === null)) {
      const rating = await store.getJson(digest, Rating);
      if (rating.kind === 'rated') continue;
      unrated.count += 1;
      unrated.reasons[rating.reason] = (unrated.reasons[rating.reason] ?? 0) + 1;
      unrated.example ??= JSON.stringify(rating.answer.slice(0, EXAMPLE_LENGTH));
    }
    return unrated;
  }

  async function designForCheckpoints(work: StageWork, taskSet: string): Promise<PlannedCollection[]> {
    const parameters = await plans.parameters('chooseCheckpoint', work);
    const { template, sampling } = parameters;
    const checkpoints = await store.getJson(
      inputOf(work, 'checkpoints').digest.sha256,
      z.array(PolicyCheckpoint),
    );
    return Promise.all(
      checkpoints.map(({ policy }) => {
        const contestant: Player = { kind: 'policy', digest: policy.digest.sha256, template, sampling };
        return storeDesign(
          { ...common(parameters), mode: 'both-positions', contestant, partner: partnerOf(parameters) },
          taskSet,
          { policy: store.locate(policy) },
        );
      }),
    );
  }

  async function storeDesign(
    parameters: DesignParameters,
    taskSetDigest: string,
    inputs: StageWork['inputs'],
  ): Promise<PlannedCollection> {
    const taskSet = await store.getJson(taskSetDigest, TaskSet);
    const { judge, ...played } = designPureEpisodes(parameters, taskSet, taskSetDigest);
    const { digest } = await store.putJson({ ...played, judge }, 'design.json');
    const episodes = played.episodes.length;
    const served = Object.values(played.players).some((player) => player.kind === 'policy');
    return {
      design: digest.sha256,
      play: digestOfJson(played),
      episodes,
      unratedLimit: Math.floor(episodes * parameters.unratedShare),
      policies: served && inputs['policy'] ? [inputs['policy']] : [],
    };
  }
}

type Playing = Pick<
  ParametersOf<'collectEpisodes'>,
  'split' | 'pairsPerTask' | 'rules' | 'judge' | 'seed' | 'unratedShare'
>;

const common = ({ split, pairsPerTask, rules, judge, seed, unratedShare }: Playing) => ({
  split,
  pairsPerTask,
  rules,
  judge,
  seed,
  unratedShare,
});

const partnerOf = ({ partner }: Pick<ParametersOf<'evaluatePolicy'>, 'partner'>): Player => ({
  kind: 'model',
  ...partner,
});

function toPlayer(player: StagePlayer, work: StageWork): Player {
  if (player.kind === 'model') return player;
  const { input, ...settings } = player;
  return { ...settings, digest: inputOf(work, input).digest.sha256 };
}

/** What a shard had when it failed. */
interface Kept {
  played: PlayedRow[];
  rated: RatedRow[];
}

const shardKey = (
  state: 'played' | 'ratings' | 'finished',
  digest: string,
  from: number,
  to: number,
): string => `shards/${state}/${digest}/${String(from).padStart(8, '0')}-${String(to).padStart(8, '0')}.json`;
