import { setTimeout } from 'node:timers/promises';
import { CommandError } from '../commandError';

const PATH = '/api/v1/lineage';
const TRIES = 4;
const FIRST_PAUSE_MS = 500;
const TIMEOUT_MS = 10_000;

export interface PostOptions {
  url: string;
  /** Sent as a bearer token. */
  apiKey: string | undefined;
  /** Between tries; doubled each time. */
  pauseMs?: number;
}

/**
 * Sends events one by one, in their order. Answers of 429 and 5xx and broken connections are tried again.
 * @throws {CommandError} saying how many had been taken; sending all again is harmless, since ids stay the same
 */
export async function postEvents(events: readonly string[], options: PostOptions): Promise<void> {
  const url = addressOf(options.url);
  for (const [index, event] of events.entries()) {
    const refused = await postOne(url, event, options);
    if (refused === null) continue;
    throw new CommandError(
      `${url.origin} did not take event ${index + 1} of ${events.length}: ${refused}. The ${index} before it were taken; run the command again once that is put right, since the same events have the same ids.`,
    );
  }
}

/** As OpenLineage's own clients: an address without a path means the usual one. */
function addressOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new CommandError(`${text} is no http or https address.`, { exitCode: 2 });
  }
  if (url.pathname === '/') url.pathname = PATH;
  return url;
}

/** @returns why it was not taken, or null */
async function postOne(url: URL, body: string, { apiKey, pauseMs }: PostOptions): Promise<string | null> {
  const headers = {
    'content-type': 'application/json',
    ...(apiKey !== undefined && apiKey !== '' && { authorization: `Bearer ${apiKey}` }),
  };
  let why = '';
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    if (attempt > 0) await setTimeout((pauseMs ?? FIRST_PAUSE_MS) * 2 ** (attempt - 1));
    try {
      const answer = await fetch(url, {
        method: 'POST',
        headers,
        body,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      await answer.body?.cancel();
      if (answer.ok) return null;
      why = `status ${answer.status}`;
      if (answer.status === 401 || answer.status === 403) return `${why}, is OPENLINEAGE_API_KEY right?`;
      if (answer.status < 500 && answer.status !== 429) return why;
    } catch (error) {
      why = reasonOf(error);
    }
  }
  return `${why}, ${TRIES} times`;
}

/** fetch says little itself; what broke is the cause of its error. */
function reasonOf(error: unknown): string {
  const { cause, message } = error as Error;
  const { message: deeper, code } = (cause ?? {}) as NodeJS.ErrnoException;
  return deeper || code || message;
}
