import { StorageError } from '../../artifacts/storageError';
import { messageOf } from './loadCampaign';
import type { Findings } from './findings';

/**
 * Checks content where its blobs can be read: those that cannot are failures of their own already. What the code that
 * computes it again refuses is a failure of the object.
 */
export async function whereReadable(
  object: string,
  findings: Pick<Findings, 'fail'>,
  check: () => Promise<void>,
): Promise<void> {
  try {
    await check();
  } catch (error) {
    if (!(error instanceof StorageError))
      findings.fail(object, `It cannot be computed again: ${messageOf(error)}`);
    else if (error.code === 'ARTIFACT_CORRUPT') findings.fail(object, error.message);
    else if (error.code !== 'ARTIFACT_MISSING') throw error;
  }
}
