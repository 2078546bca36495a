import { join } from 'node:path';
import type { Bucket } from '../../artifacts/bucket';
import { StorageError } from '../../artifacts/storageError';
import { inParallel } from '../../domain/inParallel';
import { inThisThread, inThreads, type Workers } from '../threads';
import { examine, type Portion, type PortionReport } from './portion';

/** Looks at portions of episodes. */
export type Examiner = Workers<Portion, PortionReport>;

export const examineHere = (bucket: Bucket): Examiner => inThisThread(bucket, examine);

export const fastestExaminer = (bucket: Bucket): Examiner =>
  inThreads(bucket, join(__dirname, 'examinerThread.js'), examine);

/** Reports in the order of the portions. Errors: ARTIFACT_* of the first that was given up. */
export async function examineAll(
  examiner: Examiner,
  portions: readonly Portion[],
  onReport: (report: PortionReport) => void,
): Promise<PortionReport[]> {
  const reports = await inParallel(portions, examiner.atOnce, (portion) => examiner.run(portion));
  for (const report of reports) onReport(report);
  const error = reports.find((report) => report.error)?.error;
  if (error) throw new StorageError(error.code, error.message);
  return reports;
}
