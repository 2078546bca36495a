import { BoundedCache } from '../../../artifacts/boundedCache';
import type { ArtifactStore } from '../../../artifacts/artifactStore';
import { modelBatchesKey } from '../../../artifacts/documentKeys';
import { MEDIA_TYPES } from '../../../schemas/names';
import { type ModelBatch, ModelBatches, QuestionIds } from '../../../schemas/modelBatch';
import { type LineOutcome, readOutcomes } from './batchLines';

/** A batch that the provider has. */
export type SentBatch = ModelBatch & { state: Exclude<ModelBatch['state'], { is: 'sending' }> };
export const isSent = (batch: ModelBatch): batch is SentBatch => batch.state.is !== 'sending';

type Ended = Extract<ModelBatch['state'], { is: 'ended' }>;

/**
 * The batches of one campaign, in a document that only a matching version may replace. A question is written down here
 * before its batch is sent, so that no other worker, and none that comes after, sends it as well.
 */
export class BatchRecord {
  private readonly known = new BoundedCache<ReadonlySet<string>>(1_000);
  private readonly ended = new BoundedCache<ReadonlyMap<string, LineOutcome>>(4);

  constructor(
    private readonly store: ArtifactStore,
    private readonly campaign: string,
  ) {}

  async batches(): Promise<ModelBatch[]> {
    return (await this.read()).batches;
  }

  async find(id: string): Promise<ModelBatch | undefined> {
    return (await this.batches()).find((batch) => batch.id === id);
  }

  /** Questions of a batch, by digest. */
  questionsOf({ questions }: ModelBatch): Promise<ReadonlySet<string>> {
    return this.known.get(questions, async () => new Set(await this.store.getJson(questions, QuestionIds)));
  }

  outcomesOf({ answers }: Ended): Promise<ReadonlyMap<string, LineOutcome>> {
    return this.ended.get(answers, async () =>
      readOutcomes((await this.store.getBytes(answers)).toString('utf8')),
    );
  }

  /**
   * Writes a new batch down if its questions are in none that may still answer them.
   * @param plan the batch, of the batches that there are; null: none
   */
  async add(plan: (batches: readonly ModelBatch[]) => Promise<NewBatch | null>): Promise<ModelBatch | null> {
    for (;;) {
      const { batches, version } = await this.read();
      const planned = await plan(batches);
      if (!planned) return null;
      const { ids, ...batch } = planned;
      const { digest } = await this.store.putJson(ids, 'questions.json');
      const added = { ...batch, questions: digest.sha256 };
      if (await this.replace([...batches, added], version)) return added;
      // The answer to a write that took place may have been lost.
      if (await this.find(batch.id)) return added;
    }
  }

  /** What a batch is now; null where it was taken from the record. @param next its state, or null to take it away */
  async move(
    id: string,
    next: (batch: ModelBatch) => ModelBatch['state'] | null,
  ): Promise<ModelBatch | null> {
    for (;;) {
      const { batches, version } = await this.read();
      const batch = batches.find((one) => one.id === id);
      if (!batch) return null;
      const state = next(batch);
      if (state === batch.state) return batch;
      const moved = state && { ...batch, state };
      const others = batches.flatMap((one) => (one.id === id ? (moved ?? []) : one));
      if (await this.replace(others, version)) return moved;
    }
  }

  /** Keeps the provider's lines for good. @returns their blob's digest */
  async keepAnswers(lines: string): Promise<string> {
    const { digest } = await this.store.putText(lines, 'batch-answers.jsonl', MEDIA_TYPES.jsonLines);
    return digest.sha256;
  }

  private async read(): Promise<{ batches: ModelBatch[]; version: string | null }> {
    const found = await this.store.getVersioned(modelBatchesKey(this.campaign), ModelBatches);
    return { batches: found?.value ?? [], version: found?.version ?? null };
  }

  private replace(batches: readonly ModelBatch[], version: string | null): Promise<boolean> {
    return this.store.replaceDocument(modelBatchesKey(this.campaign), batches, version);
  }
}

/** A batch to be, with the digests of its questions. */
export type NewBatch = Omit<ModelBatch, 'questions'> & { ids: string[] };
