import {
  JUDGEMENT_FORM,
  judgePrompt,
  judgeRepair,
  readJudgement,
  writeJudgement,
} from '../../domain/prompts/judge';
import { seedOf } from '../../domain/random';
import type { Episode } from '../../schemas/episode';
import type { Batching } from '../../schemas/model';
import type { ModelCall } from '../../schemas/modelCall';
import type { Rating, UnratedReason } from '../../schemas/rating';
import type { CastEpisode } from '../support/collectionDesigns';
import type { Completion } from '../models/chatCompletion';
import type { AskModel } from '../models/modelAccess';
import { recordCall } from '../models/recordCall';
import type { Patience } from './patience';

/** A judge's answer that cannot be used is followed by at most this many further calls before the episode is unrated. */
const REPAIRS = 2;
/** An answer that is cut off costs all the tokens it may have, and is as long the next time but by luck. */
const REPAIRS_OF_TRUNCATED = 1;

interface Judging {
  cast: CastEpisode;
  episode: Episode;
  signal: AbortSignal;
  /** How failures that may pass are waited out. */
  patiently: Patience;
  /** How the judge's answer may wait for a batch; none: it is asked directly. */
  batching?: Batching | undefined;
}

/**
 * Has the judge rate both sides of an episode on seven dimensions.
 * Errors: MODEL_* that do not pass by themselves. An answer that stays unreadable, is cut off twice, or is a refusal
 * leaves the episode unrated, with the answer as evidence.
 */
export async function judgeEpisode(
  ask: AskModel,
  { cast, episode, signal, patiently, batching }: Judging,
): Promise<Rating> {
  if (episode.ending === 'unparsable') return unparsable(episode);
  const { design, task, agents } = cast;
  const spec = design.judge;
  const prompt = judgePrompt(task, agents, episode.turns);
  const completions: Completion[] = [];
  let messages = prompt;
  let truncated = 0;
  for (let attempt = 0; attempt <= REPAIRS; attempt += 1) {
    const seed = seedOf(episode.seed, 'rating', attempt);
    const question = { model: spec, role: 'judge' as const, messages, seed, signal, form: JUDGEMENT_FORM };
    // Few answers need a repair: they do not wait for another batch.
    const waiting = attempt === 0 ? batching : undefined;
    const completion = await patiently(() => ask({ ...question, batching: waiting }));
    completions.push(completion);
    const read = readJudgement(completion.text);
    if ('scores' in read) {
      const call = recordCall(spec.model, prompt, completions, writeJudgement(read));
      return { kind: 'rated', episode: episode.id, ...read, call };
    }
    const call = recordCall(spec.model, prompt, completions);
    if (completion.refused) return unrated(episode, 'refusal', completion.text, call);
    if (completion.truncated && ++truncated > REPAIRS_OF_TRUNCATED)
      return unrated(episode, 'truncated-answer', completion.text, call);
    const why = completion.truncated ? TRUNCATED : read.unreadable;
    messages = judgeRepair(prompt, completion.text, why);
  }
  const last = completions.at(-1)?.text ?? '';
  return unrated(episode, 'unreadable-answer', last, recordCall(spec.model, prompt, completions));
}

const TRUNCATED = 'it was cut off because it is too long; give each reasoning in a few words';

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
