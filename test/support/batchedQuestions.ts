import { randomUUID } from 'node:crypto';
import { BatchedModels, type BatchTimes } from '../../activities/models/batchApi/batchedModels';
import type { Completion } from '../../activities/models/chatCompletion';
import { LanguageModels } from '../../activities/models/languageModels';
import { askDirectly, type Question } from '../../activities/models/modelAccess';
import { createEnvironment } from '../../activities/support/environment';
import type { ArtifactStore } from '../../artifacts/artifactStore';
import { modelBatchesKey } from '../../artifacts/documentKeys';
import { Batching, type ModelSpec } from '../../schemas/model';
import { ModelBatches, type ModelBatch } from '../../schemas/modelBatch';
import { model } from './activities';

/** As in a campaign, in milliseconds where that takes minutes. */
export const QUICK: BatchTimes = { pauses: { firstMs: 10, longestMs: 20 }, goneAfterMs: 300 };
export const QUICKLY = Batching.parse({ gatherSeconds: 0.02 });

export const JUDGE = 'simulated-judge';
export const KEY = 'KEY_OF_THE_TEST';
export const KEY_VALUE = 'key-of-the-test';

const workers: AskingWorker[] = [];

/** Ends what workers of the test left open. */
export const closeWorkers = () => Promise.all(workers.splice(0).map((worker) => worker.close()));

/** One worker's way to models, in a campaign of its own unless another is named. */
export class AskingWorker {
  readonly stage = 'rating';
  private readonly models: LanguageModels;
  private readonly batched: BatchedModels;

  constructor(
    private readonly store: ArtifactStore,
    private readonly baseUrl: string,
    readonly campaign: string = randomUUID(),
    key = KEY_VALUE,
    private readonly times: BatchTimes = QUICK,
  ) {
    this.models = new LanguageModels(createEnvironment({ [KEY]: key }));
    this.batched = new BatchedModels(this.models, store, times);
    workers.push(this);
  }

  get model(): ModelSpec {
    return model(this.baseUrl, JUDGE, { apiKeyEnv: KEY });
  }

  /** Another worker of the same campaign. @param key another one than this worker has */
  restarted(key?: string): AskingWorker {
    return new AskingWorker(this.store, this.baseUrl, this.campaign, key, this.times);
  }

  ask(number: number, batching = QUICKLY, signal = new AbortController().signal): Promise<Completion> {
    const { campaign, stage } = this;
    const question = { ...this.question(number, signal), batching };
    return this.batched.ask({ campaign, stage }, question, (one) => askDirectly(this.models, one));
  }

  askAll(numbers: number, batching = QUICKLY, signal?: AbortSignal): Promise<Completion[]> {
    return Promise.all(Array.from({ length: numbers }, (_, number) => this.ask(number, batching, signal)));
  }

  /** Without the limits a minute, of which batches tell nothing. */
  async directly(number: number): Promise<Completion> {
    const { announced: _limits, ...said } = await askDirectly(this.models, this.question(number));
    return said;
  }

  /** @param stages null: all */
  cancel(stages: string[] | null): Promise<void> {
    return this.batched.cancel(this.campaign, stages, new AbortController().signal);
  }

  async recorded(): Promise<ModelBatch[]> {
    return (await this.store.getDocument(modelBatchesKey(this.campaign), ModelBatches)) ?? [];
  }

  close(): Promise<void> {
    return this.models.close();
  }

  question(number: number, signal = new AbortController().signal): Question {
    const messages = [{ role: 'user' as const, content: `Question ${number}: who was kinder?` }];
    return { model: this.model, role: 'judge', messages, seed: number, signal };
  }
}
