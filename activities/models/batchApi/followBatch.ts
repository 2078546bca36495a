import { setTimeout as delay } from 'node:timers/promises';
import OpenAI from 'openai';
import { readFiltered } from '../chatCompletion';
import { type Asked, modelFailure } from '../modelFailures';
import { type LineOutcome, readBatched, readOutcomes } from './batchLines';
import type { BatchRecord, SentBatch } from './batchRecord';
import type { ProviderBatch, ProviderBatches } from './providerBatches';
import { untilClosed, type WaitingQuestion } from './waitingQuestion';

/** How often a provider is asked about a batch: at first, and at last. */
export interface Pauses {
  firstMs: number;
  longestMs: number;
}

const GROWTH = 1.5;

interface Following {
  record: BatchRecord;
  provider: ProviderBatches;
  pauses: Pauses;
}

/**
 * Waits for a batch, and gives each question its answer, or its failure, as soon as the provider has it. At the
 * deadline the batch is cancelled: what is answered by then counts. Ends when the batch has ended, its lines are kept,
 * and what it left undone is open still; or when nobody waits any more. Errors: MODEL_*, STORAGE_*.
 * @param deadline milliseconds since 1970
 */
export async function followBatch(
  { record, provider, pauses }: Following,
  { id, state }: SentBatch,
  questions: readonly WaitingQuestion[],
  deadline: number,
): Promise<void> {
  if (state.is === 'ended') return handOut(await record.outcomesOf(state), questions, provider.endpoint);
  const signal = untilClosed(questions);
  const progress = { answered: 0, cancelled: false };
  for (let pause = pauses.firstMs; !signal.aborted; pause = Math.min(pause * GROWTH, pauses.longestMs)) {
    const batch = await provider.look(state.batch);
    const isOver = batch === null || HAS_ENDED.has(batch.status);
    const answered = batch?.request_counts?.completed ?? 0;
    if (isOver || answered > progress.answered) {
      const lines = batch ? await provider.lines(batch) : '';
      if (isOver) await end(record, id, state.batch, lines);
      handOut(readOutcomes(lines), questions, provider.endpoint);
      progress.answered = answered;
    }
    if (isOver) return refuseAll(batch, questions, provider.endpoint);
    if (Date.now() >= deadline && !progress.cancelled) {
      await provider.cancel(state.batch);
      progress.cancelled = true;
    }
    const wait = progress.cancelled ? pauses.firstMs : Math.min(pause, Math.max(0, deadline - Date.now()));
    await delay(wait, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

const HAS_ENDED: ReadonlySet<ProviderBatch['status']> = new Set([
  'completed',
  'expired',
  'cancelled',
  'failed',
]);

async function end(record: BatchRecord, id: string, batch: string, lines: string): Promise<void> {
  const answers = await record.keepAnswers(lines);
  await record.move(id, ({ state }) => (state.is === 'sent' ? { is: 'ended', batch, answers } : state));
}

function handOut(
  outcomes: ReadonlyMap<string, LineOutcome>,
  questions: readonly WaitingQuestion[],
  asked: Asked,
): void {
  for (const question of questions) {
    const outcome = outcomes.get(question.line.id);
    if (outcome && question.isOpen) close(question, outcome, asked);
  }
}

/** With what a direct call would have come to. */
function close(question: WaitingQuestion, outcome: LineOutcome, asked: Asked): void {
  if (outcome.kind === 'undone') return;
  if (outcome.kind === 'answered')
    return question.answered({ ...readBatched(outcome.completion, asked), batched: true });
  const error = refusal(outcome.status, outcome.body);
  const filtered = readFiltered(error);
  if (filtered) question.answered(filtered);
  else question.failed(modelFailure(error, asked));
}

const TOO_MANY_REQUESTS = 429;
const BAD_REQUEST = 400;

/** A batch that the provider did not begin says why, once for all of its questions. */
function refuseAll(batch: ProviderBatch | null, questions: readonly WaitingQuestion[], asked: Asked): void {
  if (batch?.status !== 'failed') return;
  const { code, message = 'the batch failed' } = batch.errors?.data?.[0] ?? {};
  const status = code === 'token_limit_exceeded' ? TOO_MANY_REQUESTS : BAD_REQUEST;
  const error = modelFailure(refusal(status, { error: { code, message } }), asked);
  for (const question of questions) question.failed(error);
}

/** The error that the client throws for such an answer. */
const refusal = (status: number, body: object) =>
  OpenAI.APIError.generate(status, body, undefined, new Headers());
