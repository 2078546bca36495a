import { judgePrompt, judgeRepair, readJudgement, writeJudgement } from '../../domain/prompts/judge';
import { seedOf } from '../../domain/random';
import type { Episode } from '../../schemas/episode';
import type { ModelCall } from '../../schemas/modelCall';
import type { Rating, UnratedReason } from '../../schemas/rating';
import type { CastEpisode } from '../support/collectionDesigns';
import type { Completion } from '../models/chatCompletion';
import type { AskModel } from '../models/modelAccess';
import { recordCall } from '../models/recordCall';
import type { Patience } from './patience';

/** A judge's unreadable answer is followed by at most this many further calls before the episode is unrated. */
const REPAIRS = 2;

interface Judging {
  cast: CastEpisode;
  episode: Episode;
  signal: AbortSignal;
  /** How failures that may pass are waited out. */
  patiently: Patience;
}

/**
 * Has the judge rate both sides of an episode on seven dimensions.
 * Errors: MODEL_* that do not pass by themselves. An answer that stays unreadable leaves the episode unrated, with the
 * answer as evidence.
 */
export async function judgeEpisode(
  ask: AskModel,
  { cast, episode, signal, patiently }: Judging,
): Promise<Rating> {
  if (episode.ending === 'unparsable') return unparsable(episode);
  const { design, task, agents } = cast;
  const spec = design.judge;
  const prompt = judgePrompt(task, agents, episode.turns);
  const completions: Completion[] = [];
  let messages = prompt;
  for (let attempt = 0; attempt <= REPAIRS; attempt += 1) {
    const seed = seedOf(episode.seed, 'rating', attempt);
    const question = { model: spec, messages, seed, signal };
    const completion = await patiently(() => ask(question));
    completions.push(completion);
    const read = readJudgement(completion.text);
    if ('scores' in read) {
      const call = recordCall(spec.model, prompt, completions, writeJudgement(read));
      return { kind: 'rated', episode: episode.id, ...read, call };
    }
    const call = recordCall(spec.model, prompt, completions);
    if (completion.refused) return unrated(episode, 'refusal', completion.text, call);
    messages = judgeRepair(prompt, completion.text, read.unreadable);
  }
  const last = completions.at(-1)?.text ?? '';
  return unrated(episode, 'unreadable-answer', last, recordCall(spec.model, prompt, completions));
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
