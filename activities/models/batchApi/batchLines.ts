import type OpenAI from 'openai';
import { z } from 'zod';
import { canonicalJson, digestOfJson } from '../../../artifacts/canonicalJson';
import { type Completion, readCompletion } from '../chatCompletion';
import type { Asked } from '../modelFailures';
import { AnswerLine } from '../../../schemas/modelBatch';

/** Where the questions of a batch would be asked one by one. */
export const BATCH_ENDPOINT = '/v1/chat/completions';

/** A question as a batch file holds it. Equal questions have equal ids, whoever asks them and when. */
export interface RequestLine {
  id: string;
  text: string;
}

export function requestLine(body: OpenAI.ChatCompletionCreateParamsNonStreaming): RequestLine {
  const id = digestOfJson(body);
  return { id, text: canonicalJson({ custom_id: id, method: 'POST', url: BATCH_ENDPOINT, body }) };
}

/** What became of one question of a batch. */
export type LineOutcome =
  | { kind: 'answered'; completion: OpenAI.ChatCompletion }
  /** As a direct call would have failed. */
  | { kind: 'refused'; status: number; body: object }
  /** The provider did not come to it, or says nothing of it. */
  | { kind: 'undone' };

/** Outcomes by question, from the lines of output and error files. What is no such line is passed over. */
export function readOutcomes(text: string): Map<string, LineOutcome> {
  const outcomes = new Map<string, LineOutcome>();
  for (const line of text.split('\n')) {
    const read = AnswerLine.safeParse(jsonOf(line)).data;
    if (read) outcomes.set(read.custom_id, outcomeOf(read));
  }
  return outcomes;
}

/** What a completion must have to be read. */
const ChatCompletion = z.looseObject({
  choices: z.array(z.looseObject({ message: z.looseObject({}) })).min(1),
});

/** Of questions that were left when a batch expired or was cancelled. */
const LEFT = new Set(['batch_expired', 'batch_cancelled']);
const INTERNAL_ERROR = 500;

function outcomeOf({ response, error }: AnswerLine): LineOutcome {
  if (error?.code && LEFT.has(error.code)) return { kind: 'undone' };
  if (!response) return { kind: 'refused', status: INTERNAL_ERROR, body: { error: error ?? {} } };
  const { status_code: status, body } = response;
  const completion = ChatCompletion.safeParse(body).data;
  if (status === 200 && completion)
    return { kind: 'answered', completion: completion as unknown as OpenAI.ChatCompletion };
  return {
    kind: 'refused',
    status: status === 200 ? INTERNAL_ERROR : status,
    body: body ?? { error: error ?? {} },
  };
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Errors: MODEL_ANSWER_EMPTY. */
export const readBatched = (completion: OpenAI.ChatCompletion, asked: Asked): Completion => ({
  ...readCompletion(completion, asked),
  batched: true,
});
