import type { ArtifactStore } from '../../../artifacts/artifactStore';
import { canonicalJson } from '../../../artifacts/canonicalJson';
import type { Batching } from '../../../schemas/model';
import { chatRequest, type Completion } from '../chatCompletion';
import type { LanguageModels } from '../languageModels';
import type { AskModel, Question } from '../modelAccess';
import { requestLine } from './batchLines';
import { BatchRecord } from './batchRecord';
import type { Pauses } from './followBatch';
import { ProviderBatches } from './providerBatches';
import { QuestionQueue } from './questionQueue';
import { WaitingQuestion } from './waitingQuestion';

export interface BatchTimes {
  /** Batches take minutes to hours. */
  pauses: Pauses;
  /** Longer than an upload and the call after it may take. */
  goneAfterMs: number;
}

const TIMES: BatchTimes = { pauses: { firstMs: 5_000, longestMs: 60_000 }, goneAfterMs: 180_000 };

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
  async ask(
    campaign: string,
    question: Question,
    batching: Batching,
    directly: AskModel,
  ): Promise<Completion> {
    const { model, ...asked } = question;
    const line = requestLine(
      chatRequest(this.models.endpointOf(model), { ...asked, sampling: model.sampling }),
    );
    const waiting = new WaitingQuestion(line, question, directly);
    if (waiting.isOpen) this.queue(campaign, question, batching).add(waiting);
    return waiting.answer;
  }

  private queue(campaign: string, { model }: Question, batching: Batching): QuestionQueue {
    const key = canonicalJson([campaign, model, batching]);
    const known = this.queues.get(key);
    if (known) return known;
    const provider = new ProviderBatches(this.models.endpointOf(model));
    const record = this.record(campaign);
    const queue = new QuestionQueue({ model, batching, record, provider, ...this.times });
    this.queues.set(key, queue);
    return queue;
  }

  private record(campaign: string): BatchRecord {
    const record = this.records.get(campaign) ?? new BatchRecord(this.store, campaign);
    this.records.set(campaign, record);
    return record;
  }
}
