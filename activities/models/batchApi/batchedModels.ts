import type { ArtifactStore } from '../../../artifacts/artifactStore';
import { canonicalJson } from '../../../artifacts/canonicalJson';
import type { Batching, ModelSpec } from '../../../schemas/model';
import { chatRequest, type Completion } from '../chatCompletion';
import type { LanguageModels } from '../languageModels';
import type { Account } from '../budget/askWithinBudget';
import type { AskModel, Question } from '../modelAccess';
import { requestLine } from './batchLines';
import { BatchRecord } from './batchRecord';
import type { Pauses } from './followBatch';
import { ProviderBatches } from './providerBatches';
import { QuestionQueue } from './questionQueue';
import { untilSent } from './sendBatch';
import { WaitingQuestion } from './waitingQuestion';

export interface BatchTimes {
  /** Batches take minutes to hours. */
  pauses: Pauses;
  /** Longer than an upload and the call after it may take. */
  goneAfterMs: number;
}

type Asker = Pick<Account, 'campaign' | 'stage'>;
type PatientQuestion = Question & { batching: Batching };

const TIMES: BatchTimes = { pauses: { firstMs: 2_000, longestMs: 60_000 }, goneAfterMs: 180_000 };

/**
 * Asks models by providers' Batch API: half the price, and an answer within hours. A question is on record before it is
 * sent, so that whoever asks it again, in another attempt or on another host, waits for the same batch.
 */
export class BatchedModels {
  private readonly records = new Map<string, BatchRecord>();
  private readonly queues = new Map<string, QuestionQueue>();

  constructor(
    private readonly models: Pick<LanguageModels, 'endpointOf'>,
    private readonly store: ArtifactStore,
    private readonly times: BatchTimes = TIMES,
  ) {}

  /**
   * Errors: MODEL_* as of a direct call, STORAGE_*, ARTIFACT_*; the signal's reason.
   * @param directly how it is asked once its deadline has passed
   */
  async ask(asker: Asker, question: PatientQuestion, directly: AskModel): Promise<Completion> {
    const { model, ...asked } = question;
    const { sampling } = model;
    const line = requestLine(chatRequest(this.models.endpointOf(model), { ...asked, sampling }));
    const waiting = new WaitingQuestion(line, question, directly);
    if (waiting.isOpen) this.queue(asker, question).add(waiting);
    return waiting.answer;
  }

  /**
   * Has providers stop what nobody will ask for any more. What they have answered by then stays.
   * @param stages whose questions these are; null: all
   */
  async cancel(campaign: string, stages: readonly string[] | null, signal: AbortSignal): Promise<void> {
    const record = this.record(campaign);
    for (const batch of await record.batches()) {
      if (batch.state.is === 'ended' || (stages && !stages.includes(batch.stage))) continue;
      const provider = this.provider(batch.model);
      const sent = await untilSent({ record, provider, ...this.times }, batch, signal);
      if (sent?.state.is === 'sent') await provider.cancel(sent.state.batch);
    }
  }

  private queue({ campaign, stage }: Asker, { model, batching }: PatientQuestion): QuestionQueue {
    const key = canonicalJson([campaign, stage, model, batching]);
    const known = this.queues.get(key);
    if (known) return known;
    const [record, provider] = [this.record(campaign), this.provider(model)];
    const queue = new QuestionQueue({ stage, model, batching, record, provider, ...this.times });
    this.queues.set(key, queue);
    return queue;
  }

  private record(campaign: string): BatchRecord {
    const record = this.records.get(campaign) ?? new BatchRecord(this.store, campaign);
    this.records.set(campaign, record);
    return record;
  }

  private provider(model: ModelSpec): ProviderBatches {
    return new ProviderBatches(this.models.endpointOf(model));
  }
}
