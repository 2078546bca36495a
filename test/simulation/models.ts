import { setMaxListeners } from 'node:events';
import OpenAI from 'openai';
import { Context } from '@temporalio/activity';
import { holderOf } from '../../activities/support/holder';
import { chatCompletion, readChatRequest } from '../../simulator/chatCompletion';
import type { PaidCall } from './ledger';
import type { SimulatedProcess } from './simulatedProcess';

/** The body of a request. */
export type Question = OpenAI.ChatCompletionCreateParamsNonStreaming;

export interface Asking {
  process: SimulatedProcess;
  baseUrl: string;
  signal: AbortSignal;
}

type Answer = OpenAI.ChatCompletion;

/** Milliseconds that an answer takes: at least, and by chance up to so many more. */
const LATENCY = { least: 300, more: 1_200 };
export const SIMULATOR_URL = 'http://simulator/v1';

/** Answers are pure functions of the questions, so all simulations share them. */
const answers = new Map<string, Answer>();

/**
 * The repository's own simulated models answer, late, and refuse or vanish when the fault plan says so.
 * Errors: those of the openai package.
 */
export async function answer({ process, baseUrl, signal }: Asking, asked: Question): Promise<Answer> {
  const { random, ledger, clock, storage } = process.world;
  const { info } = Context.current();
  const question = JSON.stringify(asked);
  let paid: PaidCall | undefined;
  const answered = process.ask(LATENCY.least + random.integer(LATENCY.more), () => {
    const fault = faultOf(process, baseUrl);
    if (fault) throw fault;
    const given = answerOf(process, baseUrl, question);
    const asking = `${process.world.policyServers.digestAt(baseUrl) ?? 'model'} ${question}`;
    if (info.activityType === 'playEpisodes') paid = ledger.pay(holderOf(info), asking, isMalformed(given));
    return given;
  });
  const given = await unlessAborted(answered, signal);
  if (paid) {
    paid.answeredAt = clock.now;
    paid.waitsForStore = asked.model.includes('judge') && clock.now < storage.outage.until;
  }
  return given;
}

/** Whoever serves a policy talks as one of the simulated models, by its digest. */
const SPEAKERS = ['simulated-poor', 'simulated-partner+malformed:4', 'simulated-expert'];

function answerOf({ world }: SimulatedProcess, baseUrl: string, question: string): Answer {
  const digest = world.policyServers.digestAt(baseUrl);
  const key = `${digest ?? ''}${question}`;
  const known = answers.get(key);
  if (known) return known;
  const speaker = SPEAKERS[Number.parseInt(digest?.slice(0, 4) ?? '0', 16) % SPEAKERS.length];
  const body = digest ? question.replace('"policy"', JSON.stringify(speaker)) : question;
  const { request, model } = readChatRequest(body);
  const made = chatCompletion(request, model, body, 0) as Answer;
  if (digest) made.system_fingerprint = `sha256:${digest}`;
  answers.set(key, made);
  return made;
}

function faultOf({ world }: SimulatedProcess, baseUrl: string): Error | undefined {
  const { random, clock, modelFaults, policyServers } = world;
  const connection = () => new OpenAI.APIConnectionError({ message: 'socket hang up' });
  if (baseUrl !== SIMULATOR_URL) return policyServers.digestAt(baseUrl) ? undefined : connection();
  if (clock.now < modelFaults.noQuotaUntil)
    return apiError(429, { code: 'insufficient_quota', message: 'You exceeded your current quota.' });
  if (clock.now >= modelFaults.outage.until || random.uniform() >= modelFaults.outage.share) return undefined;
  return random.pick([
    () => apiError(429, { message: 'Slow down.' }, { 'retry-after': '2' }),
    () => apiError(500, { message: 'The server had an error.' }),
    connection,
  ])();
}

const apiError = (status: number, error: object, headers: Record<string, string> = {}): Error =>
  OpenAI.APIError.generate(status, { error }, undefined, new Headers(headers));

/** An answer for which its reader asks again. */
function isMalformed({ choices: [choice] }: Answer): boolean {
  const text = choice?.message.content ?? '';
  return text === '' || (text.startsWith('{') && !text.trimEnd().endsWith('}'));
}

function unlessAborted<R>(work: Promise<R>, signal: AbortSignal): Promise<R> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(new OpenAI.APIUserAbortError());
    const settle = (then: () => void) => {
      signal.removeEventListener('abort', abort);
      then();
    };
    setMaxListeners(0, signal);
    signal.addEventListener('abort', abort, { once: true });
    work.then(
      (result) => settle(() => resolve(result)),
      (error: Error) => settle(() => reject(error)),
    );
  });
}
