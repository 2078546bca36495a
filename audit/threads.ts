import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { type Bucket, type BucketSource, DirectoryBucket } from '../artifacts/bucket';
import { StorageError } from '../artifacts/storageError';

/** Does pieces of work that each read a bucket. */
export interface Workers<Task, Answer> {
  /** Pieces of work that it does at the same time. */
  readonly atOnce: number;
  /** Errors: what the work throws. */
  run(task: Task): Promise<Answer>;
  close(): Promise<void>;
}

/** A piece of work; task and answer must be able to pass between threads. */
export type Work<Task, Answer> = (task: Task, bucket: Bucket) => Promise<Answer>;

export const inThisThread = <Task, Answer>(
  bucket: Bucket,
  work: Work<Task, Answer>,
): Workers<Task, Answer> => ({
  atOnce: 1,
  run: (task) => work(task, bucket),
  close: async () => undefined,
});

/**
 * In threads, one a core: what a bucket gives is taken apart slower than it comes.
 * @param file the program of the threads, which calls `answerAsThread` @param work for a bucket that no other thread can open
 */
export const inThreads = <Task, Answer>(
  bucket: Bucket,
  file: string,
  work: Work<Task, Answer>,
): Workers<Task, Answer> => (bucket.source ? new Threads(bucket.source, file) : inThisThread(bucket, work));

/** Most of what is read is garbage a moment later: with room for it, collecting it costs half. */
const YOUNG_GENERATION_MB = 64;

/** An error of the store passes between threads as its code and its message. */
type Reply<Answer> = { answer: Answer } | { failed: Pick<StorageError, 'code' | 'message'> };

class Threads<Task, Answer> implements Workers<Task, Answer> {
  readonly atOnce = availableParallelism();
  private readonly all: Worker[] = [];
  private readonly idle: Worker[] = [];

  constructor(
    private readonly source: BucketSource,
    private readonly file: string,
  ) {}

  async run(task: Task): Promise<Answer> {
    const thread = this.idle.pop() ?? this.start();
    thread.postMessage(task);
    const [reply] = (await once(thread, 'message')) as [Reply<Answer>];
    this.idle.push(thread);
    if ('answer' in reply) return reply.answer;
    throw new StorageError(reply.failed.code, reply.failed.message);
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((thread) => thread.terminate()));
  }

  private start(): Worker {
    const thread = new Worker(this.file, {
      workerData: this.source,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    this.all.push(thread);
    return thread;
  }
}

/** What a thread does, with a bucket of its own. Other errors than the store's end it, and its asker hears of it. */
export function answerAsThread<Task, Answer>(work: Work<Task, Answer>): void {
  const bucket = openSource(workerData as BucketSource);
  const reply = async (task: Task): Promise<Reply<Answer>> => {
    try {
      return { answer: await work(task, bucket) };
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      return { failed: { code: error.code, message: error.message } };
    }
  };
  parentPort?.on('message', (task: Task) => void reply(task).then((one) => parentPort?.postMessage(one)));
}

function openSource(source: BucketSource): Bucket {
  if ('folder' in source) return new DirectoryBucket(source.folder);
  // The store's client takes a moment to load: whoever reads a folder does without it.
  const { ArtifactStore } =
    require('../artifacts/artifactStore') as typeof import('../artifacts/artifactStore');
  return new ArtifactStore(source.store);
}
