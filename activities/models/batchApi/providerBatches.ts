import OpenAI, { toFile } from 'openai';
import { clientOptions, type Endpoint } from '../endpoint';
import { failure, perhapsPaid } from '../../support/failures';
import { modelFailure } from '../modelFailures';
import { BATCH_ENDPOINT } from './batchLines';

/** The whole of an upload, or of a download, of a provider's largest file. */
const CALL_TIMEOUT_MS = 60_000;
/** A look that fails for a moment is taken again, half a minute long: else thousands of questions would be asked anew. */
const LOOK = { maxRetries: 6 };
/** Metadata by which a batch is found again whose name was lost. */
const TAG = 'pi-loop';

export type ProviderBatch = OpenAI.Batch;

/**
 * A provider's Batch API (OpenAI API reference, "Batch" and "Files"). Retries of what sends are the caller's. A failure
 * to look at what was sent says nothing of its price: the answers are paid for all the same.
 */
export class ProviderBatches {
  private readonly client: OpenAI;

  constructor(readonly endpoint: Endpoint) {
    this.client = new OpenAI({ ...clientOptions(endpoint), timeout: CALL_TIMEOUT_MS });
  }

  /** Uploads questions. @param name of the file, without its ending @returns the provider's name for it Errors: MODEL_*. */
  upload(name: string, lines: readonly string[]): Promise<string> {
    return this.explained(async ({ files }) => {
      const bytes = Buffer.from(`${lines.join('\n')}\n`);
      const file = await toFile(bytes, `${name}.jsonl`, { type: 'application/jsonl' });
      return (await files.create({ purpose: 'batch', file })).id;
    });
  }

  /** Has uploaded questions answered. @param tag by which `find` finds the batch Errors: MODEL_*. */
  create(tag: string, file: string): Promise<ProviderBatch> {
    return this.explained(({ batches }) =>
      batches.create({
        input_file_id: file,
        endpoint: BATCH_ENDPOINT,
        completion_window: '24h',
        metadata: { [TAG]: tag },
      }),
    );
  }

  /** The batch with a tag, if there is one. @param since it was sent no earlier Errors: MODEL_*. */
  find(tag: string, since: Date): Promise<ProviderBatch | null> {
    const earliest = since.getTime() / 1000 - CLOCKS_APART_SECONDS;
    return this.looking(async ({ batches }) => {
      // The newest come first.
      for await (const batch of batches.list({ limit: 100 }, LOOK)) {
        if (batch.metadata?.[TAG] === tag) return batch;
        if (batch.created_at < earliest) return null;
      }
      return null;
    });
  }

  /** Null where the provider knows no such batch, or not with this key. Errors: MODEL_*. */
  look(batch: string): Promise<ProviderBatch | null> {
    return this.looking(({ batches }) => batches.retrieve(batch, LOOK).catch(nullIfMissing));
  }

  /** Asks the provider to stop; one that has ended is left as it is. Errors: MODEL_*. */
  async cancel(batch: string): Promise<void> {
    await this.looking(({ batches }) => batches.cancel(batch, LOOK).catch(nullIfMissingOrEnded));
  }

  /** The lines of answers and errors that there are so far. Errors: MODEL_*. */
  lines({ output_file_id: output, error_file_id: errors }: ProviderBatch): Promise<string> {
    return this.looking(async ({ files }) => {
      const texts = [];
      for (const file of [output, errors]) {
        if (!file) continue;
        const content = await files.content(file, LOOK).catch(nullIfMissing);
        if (content) texts.push(await content.text());
      }
      return texts.map(endedLine).join('');
    });
  }

  private async looking<R>(call: (client: OpenAI) => Promise<R>): Promise<R> {
    try {
      return await this.explained(call);
    } catch (error) {
      throw perhapsPaid(error);
    }
  }

  private async explained<R>(call: (client: OpenAI) => Promise<R>): Promise<R> {
    try {
      return await call(this.client);
    } catch (error) {
      if (isNotThere(error)) throw noBatches(this.endpoint);
      throw modelFailure(error, this.endpoint);
    }
  }
}

/** Of an address, not of a model or a file, which errors name by a code of their own or that were expected. */
const isNotThere = (error: unknown): boolean =>
  error instanceof OpenAI.APIError && NOT_THERE.has(error.status) && error.code !== 'model_not_found';

const NOT_THERE = new Set<number | undefined>([404, 405, 501]);

const noBatches = ({ baseUrl, model }: Endpoint) =>
  failure(
    'MODEL_REQUEST_REFUSED',
    `${baseUrl} has no Batch API by which model "${model}" could be asked: take \`batch\` out of the model in the campaign file, and \`pi-loop amend\` the campaign.`,
  );

const CLOCKS_APART_SECONDS = 3600;

const endedLine = (text: string): string => (text === '' || text.endsWith('\n') ? text : `${text}\n`);

function nullIf(statuses: readonly number[]): (error: unknown) => null {
  return (error) => {
    if (error instanceof OpenAI.APIError && statuses.includes(error.status ?? 0)) return null;
    throw error;
  };
}

const nullIfMissing = nullIf([404]);
const nullIfMissingOrEnded = nullIf([400, 404, 409]);
