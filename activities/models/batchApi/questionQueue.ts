import { randomUUID } from 'node:crypto';
import type { Batching, ModelSpec } from '../../../schemas/model';
import type { ModelBatch } from '../../../schemas/modelBatch';
import { readBatched } from './batchLines';
import type { BatchRecord } from './batchRecord';
import { followBatch, type Pauses } from './followBatch';
import { type Placement, placeQuestions } from './placement';
import type { ProviderBatches } from './providerBatches';
import { sendBatch, untilSent } from './sendBatch';
import { untilClosed, type WaitingQuestion } from './waitingQuestion';

/** Of one batch: a fifth of what OpenAI takes at most, so that what is lost with one is little. */
const MOST_QUESTIONS = 10_000;
const MOST_BYTES = 40_000_000;

export interface QueueOptions {
  stage: string;
  model: ModelSpec;
  batching: Batching;
  record: BatchRecord;
  provider: ProviderBatches;
  pauses: Pauses;
  goneAfterMs: number;
}

/** Gathers questions to one model, and has them answered by batches: those under way, and new ones. */
export class QuestionQueue {
  private gathered: WaitingQuestion[] = [];
  private bytes = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: QueueOptions) {}

  add(question: WaitingQuestion): void {
    this.gathered.push(question);
    this.bytes += question.line.text.length;
    const isFull = this.gathered.length >= MOST_QUESTIONS || this.bytes >= MOST_BYTES;
    if (isFull) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), this.options.batching.gatherSeconds * 1000);
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const questions = this.gathered.filter(({ isOpen }) => isOpen);
    this.gathered = [];
    this.bytes = 0;
    void failing(questions, () => this.place(questions));
  }

  private async place(questions: readonly WaitingQuestion[]): Promise<void> {
    const { record, provider } = this.options;
    let placement: Placement | undefined;
    const batch = await record.add(async (batches) => {
      const own = batches.filter((one) => this.concerns(one));
      placement = await placeQuestions(record, own, questions, this.deadlineMs);
      return placement.fresh.length > 0 ? this.describe(placement) : null;
    });
    const { answered, joined, late, fresh } = placement as Placement;
    for (const question of fresh) question.wasSent = true;
    for (const { question, completion } of answered)
      question.answered({ ...readBatched(completion, provider.endpoint), batched: true });
    for (const question of late) question.askDirectly();
    for (const [other, some] of joined) void failing(some, () => this.follow(other, some));
    if (batch) await failing(fresh, () => this.send(batch, fresh));
  }

  private async send(batch: ModelBatch, questions: readonly WaitingQuestion[]): Promise<void> {
    const lines = new Map(questions.map(({ line }) => [line.id, line.text]));
    const sent = await sendBatch(this.options, batch, [...lines.values()]);
    await (sent ? this.follow(sent, questions) : this.askAgain(questions));
  }

  private async follow(batch: ModelBatch, questions: readonly WaitingQuestion[]): Promise<void> {
    const sent = await untilSent(this.options, batch, untilClosed(questions));
    if (sent) await followBatch(this.options, sent, questions, Date.parse(batch.since) + this.deadlineMs);
    this.askAgain(questions);
  }

  /** What is open still finds its place anew: in another batch, or past its deadline. */
  private askAgain(questions: readonly WaitingQuestion[]): void {
    for (const question of questions) if (question.isOpen) this.add(question);
  }

  private get deadlineMs(): number {
    return this.options.batching.deadlineHours * 3_600_000;
  }

  private concerns({ model: { baseUrl, model } }: ModelBatch): boolean {
    return baseUrl === this.options.model.baseUrl && model === this.options.model.model;
  }

  private describe({ fresh, since }: Placement) {
    return {
      id: randomUUID(),
      stage: this.options.stage,
      model: this.options.model,
      ids: [...new Set(fresh.map(({ line }) => line.id))],
      since: new Date(since).toISOString(),
      state: { is: 'sending' as const, seen: new Date().toISOString() },
    };
  }
}

/** What fails on the way fails the questions: who asked knows what to wait out. */
async function failing(questions: readonly WaitingQuestion[], work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    for (const question of questions) question.failed(error);
  }
}
