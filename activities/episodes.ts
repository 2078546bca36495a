import { Context } from '@temporalio/activity';
import type { FinishedBatch } from '../schemas/batch';
import type { ArtifactStore } from '../artifacts/artifactStore';
import { keepTelling, progressOfLastAttempt } from './conversation/batchHeartbeat';
import { type BatchInput, BatchStore } from './conversation/batchStore';
import { EpisodeBatch } from './conversation/episodeBatch';
import { EpisodeSteps } from './conversation/episodeSteps';
import { keepingToCompare } from './conversation/keepToCompare';
import { leaveBatch } from './conversation/leaveBatch';
import { accountOf } from './conversation/account';
import { numbersOf, together } from './conversation/together';
import type { CollectionDesigns } from './support/collectionDesigns';
import { whileAlive } from './support/heartbeat';
import type { LanguageModels } from './models/languageModels';
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

export function createEpisodeActivities({
  store,
  plans,
  models,
  designs,
  policies,
  access,
}: EpisodeDependencies) {
  const keepToCompare = keepingToCompare(store, designs);
  const steps = new EpisodeSteps({ store, models, designs, policies });
  const batches = new BatchStore(store, designs);
  return {
    /**
     * Plays and rates a batch of episodes, each rated as soon as it ends. Outages and rate limits are waited out. A
     * worker that dies costs the calls under way: the next attempt goes on after the last turn that was told. What
     * else ends an attempt leaves what there is in the store. A batch that was finished before is only looked up.
     * Errors: MODEL_*, POLICY_*, STORAGE_* and ARTIFACT_* that do not pass by themselves.
     */
    async playEpisodes(input: PlayEpisodesInput): Promise<FinishedBatch> {
      const opened = await openAlive(input);
      if ('finished' in opened) return opened.finished;
      return work(input, opened.batch, 'playAndRate', () => batches.commit(input, opened.batch.ratedRows()));
    },

    /** The same without the ratings: leaves the conversations in the store, for `rateEpisodes`. */
    async playConversations(input: PlayEpisodesInput): Promise<void> {
      const opened = await openAlive(input);
      if ('finished' in opened) return;
      await work(input, opened.batch, 'play', () => batches.keep(input, opened.batch.progress()));
    },
  };

  /** Does something with every episode of a batch, and leaves what there is in the store where that fails. */
  async function work<R>(
    input: PlayEpisodesInput,
    batch: EpisodeBatch,
    step: 'play' | 'playAndRate',
    finish: () => Promise<R>,
  ): Promise<R> {
    const stopTelling = keepTelling(store, batch);
    try {
      const account = await accountOf(plans, input);
      const all = (ask: AskModel) =>
        together(numbersOf(input), input.inFlight, async (number, signal) => {
          await steps[step](number, batch, { signal, ask });
        });
      try {
        await access.whileUsed(account, all);
      } finally {
        await keepToCompare(account, batch);
      }
      return await finish();
    } catch (error) {
      await leaveBatch(batches, input, batch);
      throw error;
    } finally {
      await stopTelling();
    }
  }

  function openAlive(input: PlayEpisodesInput) {
    const { info } = Context.current();
    return whileAlive(
      () => info.heartbeatDetails,
      () => open(input),
    );
  }

  async function open(
    input: PlayEpisodesInput,
  ): Promise<{ finished: FinishedBatch } | { batch: EpisodeBatch }> {
    const finished = await batches.finished(input);
    if (finished) return { finished };
    const told = await progressOfLastAttempt(store, input);
    return { batch: new EpisodeBatch(input.design, input.from, told ?? (await batches.kept(input))) };
  }
}
