import type { Usage } from '../../schemas/modelCall';
import type { ChatMessage } from '../../schemas/training';
import { authorPrompt } from './authorPrompt';
import {
  type Attempt,
  attemptsOf,
  type GenerationPlan,
  type GenerationState,
  settle,
  startGeneration,
} from './generation';
import { inParallel } from '../inParallel';
import { sumUsage } from '../plan/cost';
import type { AuthorAnswer, JournalEntry } from './journal';

/** Asks the author model. Whatever it throws ends the preparation; the journal keeps the answers that came before. */
export type Author = (messages: ChatMessage[], seed: number) => Promise<AuthorAnswer>;

export interface Progress {
  /** The entry that is new since the last call. */
  entry: JournalEntry;
  /** Answers of this round so far, resumed ones included, and attempts in this round. */
  answered: number;
  asked: number;
  /** Tasks accepted in earlier rounds, and wanted. */
  accepted: number;
  wanted: number;
}

export interface Preparation {
  author: Author;
  /** Prompts at once. Does not change the result. */
  concurrency: number;
  /** Called after each answer that is not from the journal. */
  onProgress?: (progress: Progress) => void;
  /** Entries of an interrupted preparation with the same parameters. */
  resumeFrom?: readonly JournalEntry[];
}

export const NO_USAGE: Usage = { inputTokens: 0, outputTokens: 0 };

/** Runs rounds of attempts until every slot has a task, or attempts or keywords are used up. */
export async function askAuthor(
  plan: GenerationPlan,
  preparation: Preparation,
): Promise<{ state: GenerationState; usage: Usage }> {
  const journal = new Map((preparation.resumeFrom ?? []).map((entry) => [keyOf(entry), entry]));
  let usage = NO_USAGE;
  let state = startGeneration(plan);
  for (let attempts = attemptsOf(plan, state); attempts.length > 0; attempts = attemptsOf(plan, state)) {
    const round = { asked: attempts.length, accepted: state.accepted.length, wanted: plan.slots };
    const answers = await answerAll(plan, attempts, journal, preparation, round);
    usage = sumUsage([usage, ...answers.map((answer) => answer.usage)]);
    state = settle(plan, state, answers);
  }
  return { state, usage };
}

async function answerAll(
  plan: GenerationPlan,
  attempts: readonly Attempt[],
  journal: ReadonlyMap<string, JournalEntry>,
  preparation: Preparation,
  round: Omit<Progress, 'entry' | 'answered'>,
): Promise<AuthorAnswer[]> {
  let answered = attempts.filter((attempt) => journal.has(keyOf(attempt))).length;
  return inParallel(attempts, preparation.concurrency, async (attempt) => {
    const known = journal.get(keyOf(attempt));
    if (known !== undefined) return known.answer;
    const example = plan.examples[attempt.example];
    if (example === undefined) throw new RangeError(`no example ${attempt.example}`);
    const answer = await preparation.author(authorPrompt(example, attempt.keyword), attempt.seed);
    answered += 1;
    const { slot, attempt: number, keyword } = attempt;
    preparation.onProgress?.({ entry: { slot, attempt: number, keyword, answer }, answered, ...round });
    return answer;
  });
}

/** The keyword is part of it: an entry of a preparation with other parameters is no answer to this one. */
const keyOf = ({ slot, attempt, keyword }: { slot: number; attempt: number; keyword: string }): string =>
  JSON.stringify([slot, attempt, keyword]);
