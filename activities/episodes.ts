import { Context } from '@temporalio/activity';
import { inParallel } from '../domain/inParallel';
import { answeringModels } from '../domain/plan/answeringModels';
import { sumSpent } from '../domain/plan/cost';
import { policyFor } from '../domain/plan/snapshotPolicies';
import type { FinishedBatch, PlayedRow, RatedRow, Spent } from '../schemas/batch';
import type { Episode } from '../schemas/episode';
import { MEDIA_TYPES } from '../schemas/names';
import type { ModelCall } from '../schemas/modelCall';
import type { ArtifactStore } from '../artifacts/artifactStore';
import { keepTelling, progressOfLastAttempt } from './conversation/batchHeartbeat';
import { type BatchInput, BatchStore } from './conversation/batchStore';
import { EpisodeBatch } from './conversation/episodeBatch';
import { judgeEpisode } from './conversation/judge';
import { leaveBatch } from './conversation/leaveBatch';
import { createPatience, type Waiting } from './conversation/patience';
import { Conversations } from './conversation/playConversation';
import type { CollectionDesigns } from './support/collectionDesigns';
import { whileAlive } from './support/heartbeat';
import type { LanguageModels } from './models/languageModels';
import type { Account } from './models/budget/askWithinBudget';
import { keepForBridge } from './models/snapshots/bridgeSnapshot';
import { SnapshotRecord } from './models/snapshots/snapshotRecord';
import type { AskModel, ModelAccess } from './models/modelAccess';
import type { Plans } from './support/stageWork';
import type { ServedPolicies } from './support/servedPolicies';

export interface EpisodeDependencies {
  store: ArtifactStore;
  plans: Plans;
  models: LanguageModels;
  designs: CollectionDesigns;
  policies: ServedPolicies;
  access: ModelAccess;
}

export interface PlayEpisodesInput extends BatchInput {
  campaign: string;
  /** Digest of the plan, and the stage: on whose account models are asked. Collections of 0.3.0 do not say. */
  plan?: string;
  stage?: string;
  /** Calls of models that a campaign may make that does not say its plan; null: no limit. */
  modelCalls: number | null;
  /** Episodes played or rated at once. */
  inFlight: number;
}

interface Circumstances {
  signal: AbortSignal;
  ask: AskModel;
}

export function createEpisodeActivities({
  store,
  plans,
  models,
  designs,
  policies,
  access,
}: EpisodeDependencies) {
  const conversations = new Conversations({ models, policies });
  const batches = new BatchStore(store, designs);
  return {
    /**
     * Plays and rates a batch of episodes, each rated as soon as it ends. Outages and rate limits are waited out. A
     * worker that dies costs the calls under way: the next attempt goes on after the last turn that was told. What
     * else ends an attempt leaves what there is in the store. A batch that was finished before is only looked up.
     * Errors: MODEL_*, POLICY_*, STORAGE_* and ARTIFACT_* that do not pass by themselves.
     */
    async playEpisodes(input: PlayEpisodesInput): Promise<FinishedBatch> {
      const { info } = Context.current();
      const opened = await whileAlive(
        () => info.heartbeatDetails,
        () => open(input),
      );
      if ('finished' in opened) return opened.finished;
      const { batch } = opened;
      const stopTelling = keepTelling(store, batch);
      try {
        const account = await accountOf(input);
        try {
          await access.whileUsed(account, (ask) => playAll(input, batch, ask));
        } finally {
          // Lost, they are only not there to be compared.
          await keepRated(account, batch).catch(() => undefined);
        }
        return await batches.commit(input, batch.ratedRows());
      } catch (error) {
        await leaveBatch(batches, input, batch);
        throw error;
      } finally {
        await stopTelling();
      }
    },
  };

  async function accountOf({ campaign, plan, stage = '', modelCalls }: PlayEpisodesInput): Promise<Account> {
    return plan === undefined
      ? { campaign, stage, limits: { modelCalls } }
      : plans.account({ campaign, plan, stage });
  }

  /** Where another snapshot of the judge is to be compared with this one. */
  async function keepRated(account: Account, batch: EpisodeBatch): Promise<void> {
    const { judge } = await designs.load(batch.design);
    if (policyFor(judge, account.snapshotPolicies ?? []) !== 'bridge') return;
    await keepForBridge(new SnapshotRecord(store, account.campaign), judge, batch.design, batch.ratedRows());
  }

  async function open(
    input: PlayEpisodesInput,
  ): Promise<{ finished: FinishedBatch } | { batch: EpisodeBatch }> {
    const finished = await batches.finished(input);
    if (finished) return { finished };
    const told = await progressOfLastAttempt(store, input);
    return { batch: new EpisodeBatch(input.design, input.from, told ?? (await batches.kept(input))) };
  }

  async function playAll({ from, to, inFlight }: PlayEpisodesInput, batch: EpisodeBatch, ask: AskModel) {
    const failed = new AbortController();
    const signal = AbortSignal.any([Context.current().cancellationSignal, failed.signal]);
    const numbers = Array.from({ length: to - from }, (_, index) => from + index);
    await inParallel(numbers, inFlight, async (number) => {
      try {
        await playAndRate(number, batch, { signal, ask });
      } catch (error) {
        failed.abort(error);
        throw error;
      }
    });
  }

  async function playAndRate(number: number, batch: EpisodeBatch, { signal, ask: askFor }: Circumstances) {
    if (batch.ratedRow(number)) return;
    const wait = (waiting: Waiting | null) => batch.wait(number, waiting);
    const patiently = createPatience(signal, wait);
    const ask: AskModel = (question) => askFor({ ...question, tell: wait });
    const cast = await patiently(() => designs.cast(batch.design, number));
    let episode: Episode | undefined;
    let row = batch.playedRow(number);
    if (!row) {
      const played = await conversations.play({
        cast,
        turns: batch.turnsOf(number),
        signal,
        patiently,
        askModel: ask,
      });
      const { digest } = await patiently(() =>
        store.putJson(played, `episode-${played.id}.json`, MEDIA_TYPES.episode),
      );
      episode = played;
      row = batch.finishPlaying(rowOf(number, digest.sha256, played));
    }
    const known = row.episode;
    const heard = episode ?? (await patiently(() => batches.episode(known)));
    const rating = await judgeEpisode(ask, { cast, episode: heard, signal, patiently });
    const { digest } = await patiently(() =>
      store.putJson(rating, `rating-${heard.id}.json`, MEDIA_TYPES.rating),
    );
    const scores = rating.kind === 'rated' ? rating.scores : null;
    const judging = spentOn(rating.call);
    const judges = answeringModels([rating.call]);
    batch.finishRating({ ...row, rating: digest.sha256, scores, judging, judges } satisfies RatedRow);
  }
}

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
