import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type Bucket, DirectoryBucket } from '../../artifacts/bucket';
import { StorageError } from '../../artifacts/storageError';
import { inParallel } from '../../domain/inParallel';
import { examine, type Portion, type PortionReport } from './portion';

/** Looks at portions of episodes, several at once. */
export interface Examiner {
  readonly atOnce: number;
  examine(portion: Portion): Promise<PortionReport>;
  close(): Promise<void>;
}

/** Reads that wait for a store beside each other: what takes time there is the way to it. */
const WAITING_AT_ONCE = 32;

/** In this thread. */
export const examineHere = (bucket: Bucket): Examiner => ({
  atOnce: WAITING_AT_ONCE,
  examine: (portion) => examine(portion, bucket),
  close: async () => undefined,
});

/** Files on a disk are read faster than one thread takes them apart. @param bucket of a store: this thread will do */
export const fastestExaminer = (bucket: Bucket): Examiner =>
  bucket instanceof DirectoryBucket ? new Threads(bucket.address) : examineHere(bucket);

/** Most of what is read is garbage a moment later: with room for it, collecting it costs half. */
const YOUNG_GENERATION_MB = 64;

class Threads implements Examiner {
  readonly atOnce = availableParallelism();
  private readonly all: Worker[] = [];
  private readonly idle: Worker[] = [];

  /** @param folder of the bucket */
  constructor(private readonly folder: string) {}

  async examine(portion: Portion): Promise<PortionReport> {
    const thread = this.idle.pop() ?? this.start();
    thread.postMessage(portion);
    const [report] = (await once(thread, 'message')) as [PortionReport];
    this.idle.push(thread);
    return report;
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((thread) => thread.terminate()));
  }

  private start(): Worker {
    const thread = new Worker(join(__dirname, 'examinerThread.js'), {
      workerData: this.folder,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    this.all.push(thread);
    return thread;
  }
}

/** Reports in the order of the portions. Errors: ARTIFACT_* of the first that was given up. */
export async function examineAll(
  examiner: Examiner,
  portions: readonly Portion[],
  onReport: (report: PortionReport) => void,
): Promise<PortionReport[]> {
  const reports = await inParallel(portions, examiner.atOnce, (portion) => examiner.examine(portion));
  for (const report of reports) onReport(report);
  const error = reports.find((report) => report.error)?.error;
  if (error) throw new StorageError(error.code, error.message);
  return reports;
}
