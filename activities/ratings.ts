import { Context } from '@temporalio/activity';
import { judgePrompt, judgeRepair, readJudgement } from '../domain/prompts/judge';
import { seedOf } from '../domain/random';
import { Episode } from '../schemas/episode';
import type { ModelCall } from '../schemas/modelCall';
import type { Rating, UnratedReason } from '../schemas/rating';
import type { Scores } from '../schemas/scores';
import type { CastEpisode } from './support/collectionDesigns';
import type { EpisodeDependencies } from './episodes';
import { ALIVE_EVERY_MS, keepAlive } from './support/heartbeat';
import type { Completion } from './support/languageModels';
import { recordCall } from './support/recordCall';

/** A judge's unreadable answer is followed by at most this many further calls before the episode is unrated. */
const REPAIRS = 2;

export interface RateEpisodeInput {
  design: string;
  number: number;
  /** Digest of the episode to rate. */
  episode: string;
}

export interface RatedEpisode {
  rating: string;
  scores: [Scores, Scores] | null;
  calls: number;
  inputTokens: number;
  outputTokens: number;
}

export function createRatingActivities({ store, models, designs }: Omit<EpisodeDependencies, 'policies'>) {
  return {
    /**
     * Has the judge rate both sides of an episode on seven dimensions and stores the rating.
     * Errors: MODEL_*, STORAGE_*. An answer that stays unreadable leaves the episode unrated, with the answer as evidence.
     */
    async rateEpisode({ design, number, episode: digest }: RateEpisodeInput): Promise<RatedEpisode> {
      const cast = await designs.cast(design, number);
      const episode = await store.getJson(digest, Episode);
      const rating = episode.ending === 'unparsable' ? unparsable(episode) : await judgeAlive(cast, episode);
      const { digest: stored } = await store.putJson(rating, `rating-${episode.id}.json`);
      return {
        rating: stored.sha256,
        scores: rating.kind === 'rated' ? rating.scores : null,
        calls: rating.call?.calls ?? 0,
        inputTokens: rating.call?.usage.inputTokens ?? 0,
        outputTokens: rating.call?.usage.outputTokens ?? 0,
      };
    },
  };

  async function judgeAlive(cast: CastEpisode, episode: Episode): Promise<Rating> {
    const stopHeartbeat = keepAlive(() => null, ALIVE_EVERY_MS);
    try {
      return await judge(cast, episode);
    } finally {
      stopHeartbeat();
    }
  }

  async function judge({ design, task, agents }: CastEpisode, episode: Episode): Promise<Rating> {
    const spec = design.judge;
    const endpoint = models.endpointOf(spec);
    const signal = Context.current().cancellationSignal;
    const prompt = judgePrompt(task, agents, episode.turns);
    const completions: Completion[] = [];
    let messages = prompt;
    for (let attempt = 0; attempt <= REPAIRS; attempt += 1) {
      const seed = seedOf(episode.seed, 'rating', attempt);
      const completion = await models.complete(endpoint, { messages, sampling: spec.sampling, seed, signal });
      completions.push(completion);
      const read = readJudgement(completion.text);
      const call = recordCall(spec.model, prompt, completions);
      if ('scores' in read) return { kind: 'rated', episode: episode.id, ...read, call };
      if (completion.refused) return unrated(episode, 'refusal', completion.text, call);
      messages = judgeRepair(prompt, completion.text, read.unreadable);
    }
    const last = completions.at(-1)?.text ?? '';
    return unrated(episode, 'unreadable-answer', last, recordCall(spec.model, prompt, completions));
  }
}

const unrated = (episode: Episode, reason: UnratedReason, answer: string, call: ModelCall): Rating => ({
  kind: 'unrated',
  episode: episode.id,
  reason,
  answer,
  call,
});

const unparsable = (episode: Episode): Rating => ({
  kind: 'unrated',
  episode: episode.id,
  reason: 'unparsable-episode',
  answer: episode.unreadAnswer ?? '',
});
