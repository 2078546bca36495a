import { answeringModels } from '../../domain/plan/answeringModels';
import { sumSpent } from '../../domain/plan/cost';
import type { PlayedRow, RatedRow, Spent } from '../../schemas/batch';
import { Episode } from '../../schemas/episode';
import { MEDIA_TYPES } from '../../schemas/names';
import type { Batching } from '../../schemas/model';
import type { ModelCall } from '../../schemas/modelCall';
import type { ArtifactStore } from '../../artifacts/artifactStore';
import type { AskModel } from '../models/modelAccess';
import type { CollectionDesigns } from '../support/collectionDesigns';
import { failure } from '../support/failures';
import type { EpisodeBatch } from './episodeBatch';
import { judgeEpisode } from './judge';
import { createPatience, type Waiting } from './patience';
import { type ConversationDependencies, Conversations } from './playConversation';

export interface EpisodeStepsDependencies extends ConversationDependencies {
  store: ArtifactStore;
  designs: CollectionDesigns;
}

export interface Circumstances {
  signal: AbortSignal;
  ask: AskModel;
  /** How the judge may be asked by batches; none: directly. */
  batching?: Batching | undefined;
}

/** What is done with one episode of a batch; what was done before is not done again. */
export class EpisodeSteps {
  private readonly conversations: Conversations;

  constructor(private readonly parts: EpisodeStepsDependencies) {
    this.conversations = new Conversations(parts);
  }

  async playAndRate(number: number, batch: EpisodeBatch, circumstances: Circumstances) {
    const played = await this.play(number, batch, circumstances);
    await this.rate(number, batch, circumstances, played);
  }

  /** @returns the conversation, where it was played just now */
  async play(
    number: number,
    batch: EpisodeBatch,
    circumstances: Circumstances,
  ): Promise<Episode | undefined> {
    if (batch.ratedRow(number) || batch.playedRow(number)) return undefined;
    const { signal } = circumstances;
    const { patiently, ask } = waiting(number, batch, circumstances);
    const cast = await patiently(() => this.parts.designs.cast(batch.design, number));
    const turns = batch.turnsOf(number);
    const played = await this.conversations.play({ cast, turns, signal, patiently, askModel: ask });
    const { digest } = await patiently(() =>
      this.parts.store.putJson(played, `episode-${played.id}.json`, MEDIA_TYPES.episode),
    );
    batch.finishPlaying(rowOf(number, digest.sha256, played));
    return played;
  }

  async rate(
    number: number,
    batch: EpisodeBatch,
    circumstances: Circumstances,
    played?: Episode,
  ): Promise<void> {
    if (batch.ratedRow(number)) return;
    const row = batch.playedRow(number);
    if (!row) throw notPlayed(number, batch);
    const { signal, batching } = circumstances;
    const { patiently, ask } = waiting(number, batch, circumstances);
    const cast = await patiently(() => this.parts.designs.cast(batch.design, number));
    const heard = played ?? (await patiently(() => this.parts.store.getJson(row.episode, Episode)));
    const rating = await judgeEpisode(ask, { cast, episode: heard, signal, patiently, batching });
    const { digest } = await patiently(() =>
      this.parts.store.putJson(rating, `rating-${heard.id}.json`, MEDIA_TYPES.rating),
    );
    const scores = rating.kind === 'rated' ? rating.scores : null;
    const judging = spentOn(rating.call);
    const judges = answeringModels([rating.call]);
    batch.finishRating({ ...row, rating: digest.sha256, scores, judging, judges } satisfies RatedRow);
  }
}

/** How one episode waits for stores and models: its batch tells of it. */
function waiting(number: number, batch: EpisodeBatch, { signal, ask }: Circumstances) {
  const tell = (what: Waiting | null) => batch.wait(number, what);
  const telling: AskModel = (question) => ask({ ...question, tell });
  return { patiently: createPatience(signal, tell), ask: telling };
}

const notPlayed = (number: number, { design }: EpisodeBatch) =>
  failure(
    'ARTIFACT_MISSING',
    `The conversation of episode ${number} of design ${design} is not in the store. The stage plays it when it is tried again.`,
  );

function rowOf(number: number, digest: string, { ending, turns, unreadCall }: Episode): PlayedRow {
  const calls = [...turns.map(({ call }) => call), unreadCall];
  const spent = sumSpent(calls.map(spentOn));
  return { number, episode: digest, ending, turns: turns.length, spent, models: answeringModels(calls) };
}

const spentOn = (call: ModelCall | undefined): Spent => ({
  calls: call?.calls ?? 0,
  ...(call?.usage ?? NOTHING),
});

const NOTHING = { inputTokens: 0, outputTokens: 0 };
