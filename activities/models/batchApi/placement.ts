import type OpenAI from 'openai';
import type { ModelBatch } from '../../../schemas/modelBatch';
import type { BatchRecord } from './batchRecord';
import type { WaitingQuestion } from './waitingQuestion';

/** Where the answers to questions are to come from. */
export interface Placement {
  /** A batch that ended answered them: they are paid. */
  answered: { question: WaitingQuestion; completion: OpenAI.ChatCompletion }[];
  /** A batch that is under way has them. */
  joined: Map<ModelBatch, WaitingQuestion[]>;
  /** Their deadline has passed. */
  late: WaitingQuestion[];
  /** To be sent as a new batch, with the time from which its deadline counts. */
  fresh: WaitingQuestion[];
  since: number;
}

/** @param deadlineMs how long a question waits for batches Errors: STORAGE_*, ARTIFACT_*. */
export async function placeQuestions(
  record: BatchRecord,
  batches: readonly ModelBatch[],
  questions: readonly WaitingQuestion[],
  deadlineMs: number,
): Promise<Placement> {
  const now = Date.now();
  const placement: Placement = { answered: [], joined: new Map(), late: [], fresh: [], since: now };
  for (const question of questions) {
    const holding = await batchesWith(record, batches, question.line.id);
    const underWay = holding.find(({ state }) => state.is !== 'ended');
    const completion = await answerIn(record, holding, question.line.id);
    const since = Math.min(now, ...holding.map((batch) => Date.parse(batch.since)));
    if (completion) placement.answered.push({ question, completion });
    else if (underWay) placement.joined.set(underWay, [...(placement.joined.get(underWay) ?? []), question]);
    else if (now - since >= deadlineMs) placement.late.push(question);
    else {
      placement.fresh.push(question);
      placement.since = Math.min(placement.since, since);
    }
  }
  return placement;
}

async function batchesWith(record: BatchRecord, batches: readonly ModelBatch[], id: string) {
  const holding: ModelBatch[] = [];
  for (const batch of batches) if ((await record.questionsOf(batch)).has(id)) holding.push(batch);
  return holding;
}

async function answerIn(record: BatchRecord, holding: readonly ModelBatch[], id: string) {
  for (const { state } of holding) {
    if (state.is !== 'ended') continue;
    const outcome = (await record.outcomesOf(state)).get(id);
    if (outcome?.kind === 'answered') return outcome.completion;
  }
  return undefined;
}
