import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { ApiError } from '../apiError';
import { BATCH_ENDPOINT, jsonOf, type LineError, type RequestLine, readLines } from './batchLines';
import type { Chat } from './chat';
import type { Files } from './files';
import type { ProviderSettings } from './settings';

const CreateBatch = z.strictObject({
  input_file_id: z.string(),
  endpoint: z.literal(BATCH_ENDPOINT),
  completion_window: z.literal('24h'),
  metadata: z.record(z.string().max(64), z.string().max(512)).nullish(),
});

type Status =
  | 'validating'
  | 'failed'
  | 'in_progress'
  | 'finalizing'
  | 'completed'
  | 'expired'
  | 'cancelling'
  | 'cancelled';

interface Batch {
  key: string;
  id: string;
  request: z.infer<typeof CreateBatch>;
  status: Status;
  /** Milliseconds since 1970 of each status it had. */
  at: Partial<Record<Status, number>>;
  expiresAt: number;
  errors: LineError[];
  total: number;
  /** Lines of the output and error files, in the order in which they were answered. */
  output: string[];
  failures: string[];
  files: { output_file_id?: string; error_file_id?: string };
}

export interface BatchDependencies {
  chat: Chat;
  files: Files;
  settings: () => ProviderSettings;
  now: () => number;
}

const ENDED: ReadonlySet<Status> = new Set(['failed', 'completed', 'expired', 'cancelled']);
/** How often a batch that waits looks whether it may go on. */
const LOOK_EVERY_MS = 5;

/** Batches of all keys, answered in the background as fast as the settings say (OpenAI API reference, "Batch"). */
export class Batches {
  private readonly batches = new Map<string, Batch>();
  private readonly closing = new AbortController();

  constructor(private readonly parts: BatchDependencies) {}

  /** Errors: ApiError 400, 404. */
  create(key: string, body: string): object {
    const request = CreateBatch.safeParse(jsonOf(body)).data;
    if (!request) throw new ApiError(400, 'invalid_value', 'The request is no batch of chat completions.');
    const { content } = this.parts.files.find(key, request.input_file_id);
    const now = this.parts.now();
    const batch: Batch = {
      ...{ key, id: `batch_${randomUUID()}`, request, status: 'validating', at: { validating: now } },
      expiresAt: now + this.parts.settings().batches.windowMs,
      ...{ errors: [], total: 0, output: [], failures: [], files: {} },
    };
    this.batches.set(batch.id, batch);
    this.work(batch, content.toString('utf8')).catch(() => undefined);
    return describe(batch);
  }

  retrieve(key: string, id: string): object {
    return describe(this.find(key, id));
  }

  /** Pages of a key's batches, the newest first. */
  list(key: string, query: URLSearchParams): object {
    const own = [...this.batches.values()].filter((batch) => batch.key === key).reverse();
    const after = own.findIndex(({ id }) => id === query.get('after')) + 1;
    const limit = Number(query.get('limit') ?? 20);
    const data = own.slice(after, after + limit).map(describe);
    const [first_id, last_id] = [data[0]?.id ?? null, data.at(-1)?.id ?? null];
    return { object: 'list', data, first_id, last_id, has_more: own.length > after + limit };
  }

  /** Errors: ApiError 404, 409 where it has ended. */
  cancel(key: string, id: string): object {
    const batch = this.find(key, id);
    if (ENDED.has(batch.status))
      throw new ApiError(409, 'invalid_status', `Cannot cancel a batch with status '${batch.status}'.`);
    this.enter(batch, 'cancelling');
    return describe(batch);
  }

  /** Stops all work on batches; they stay as they are. */
  close(): void {
    this.closing.abort();
  }

  private find(key: string, id: string): Batch {
    const batch = this.batches.get(id);
    if (batch?.key === key) return batch;
    throw new ApiError(404, 'not_found', `No batch found with id '${id}'.`, 'id');
  }

  private async work(batch: Batch, text: string): Promise<void> {
    await this.pause(this.parts.settings().batches.validatingMs);
    const { lines, errors } = readLines(text);
    batch.errors = errors;
    if (errors.length > 0) return this.enter(batch, 'failed');
    batch.total = lines.length;
    if (!isStopped(batch)) this.enter(batch, 'in_progress');
    const undone = await this.answerAll(batch, shuffled(lines));
    if (!isStopped(batch)) this.enter(batch, 'finalizing');
    await this.pause(this.parts.settings().batches.finalizingMs);
    this.end(batch, undone);
  }

  /** @returns the lines it did not come to */
  private async answerAll(batch: Batch, lines: readonly RequestLine[]): Promise<RequestLine[]> {
    for (const [number, line] of lines.entries()) {
      await this.pause(this.parts.settings().batches.lineMs);
      const isStalled = () => number >= (this.parts.settings().batches.stallAfter ?? lines.length);
      while (isStalled() && !this.isOver(batch)) await this.pause(LOOK_EVERY_MS);
      if (this.isOver(batch)) return lines.slice(number);
      await this.answer(batch, line);
      if (this.parts.settings().batches.growingOutput) this.publish(batch);
    }
    return [];
  }

  private async answer(batch: Batch, { custom_id, body }: RequestLine): Promise<void> {
    const described = (status_code: number, answer: object) =>
      JSON.stringify({
        id: `batch_req_${randomUUID()}`,
        custom_id,
        response: { status_code, request_id: randomUUID(), body: answer },
        error: null,
      });
    try {
      const answer = await this.parts.chat.completeInBatch(JSON.stringify(body), batch.key);
      batch.output.push(described(200, answer));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      batch.failures.push(described(error.status, error.body()));
    }
  }

  private isOver(batch: Batch): boolean {
    return isStopped(batch) || this.parts.now() >= batch.expiresAt;
  }

  private end(batch: Batch, undone: readonly RequestLine[]): void {
    const isExpired = undone.length > 0 && !isStopped(batch);
    if (isExpired) batch.failures.push(...undone.map(expired));
    this.publish(batch);
    if (isExpired) this.enter(batch, 'expired');
    else this.enter(batch, isStopped(batch) ? 'cancelled' : 'completed');
  }

  /** Writes its lines where callers may read them. */
  private publish({ key, id, output, failures, files }: Batch): void {
    for (const [name, lines] of [
      ['output', output],
      ['error', failures],
    ] as const) {
      if (lines.length === 0) continue;
      const content = Buffer.from(`${lines.join('\n')}\n`);
      const known = files[`${name}_file_id`];
      if (known) this.parts.files.rewrite(known, content);
      else
        files[`${name}_file_id`] = this.parts.files.add(
          key,
          'batch_output',
          `${id}_${name}.jsonl`,
          content,
        ).id;
    }
  }

  private enter(batch: Batch, status: Status): void {
    batch.status = status;
    batch.at[status] = this.parts.now();
  }

  private async pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.closing.signal });
  }
}

const isStopped = ({ status }: Batch): boolean => status === 'cancelling';

/** What a batch had not come to when its time was up stands in its error file. */
const expired = ({ custom_id }: RequestLine): string =>
  JSON.stringify({
    id: `batch_req_${randomUUID()}`,
    custom_id,
    response: null,
    error: {
      code: 'batch_expired',
      message: 'This request could not be executed before the completion window expired.',
    },
  });

/** Answers come in no order that a caller could count on. */
const shuffled = (lines: readonly RequestLine[]): RequestLine[] =>
  lines
    .map((line) => ({ line, rank: createHash('sha256').update(line.custom_id).digest('hex') }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .map(({ line }) => line);

function describe({ id, request, status, at, expiresAt, errors, total, output, failures, files }: Batch) {
  const times = Object.entries(at).flatMap(([name, time]) =>
    name === 'validating' ? [] : [[`${name}_at`, Math.floor(time / 1000)]],
  );
  return {
    id,
    object: 'batch',
    ...request,
    status,
    errors: errors.length > 0 ? { object: 'list', data: errors } : null,
    ...files,
    created_at: Math.floor((at.validating ?? 0) / 1000),
    expires_at: Math.floor(expiresAt / 1000),
    ...Object.fromEntries(times),
    request_counts: { total, completed: output.length, failed: failures.length },
  };
}
