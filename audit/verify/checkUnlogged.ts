import { RESULTS_FOLDER, logFolder } from '../../artifacts/documentKeys';
import type { Bucket } from '../../artifacts/bucket';
import { StorageError } from '../../artifacts/storageError';
import { inParallel } from '../../domain/inParallel';
import { StageResult } from '../../schemas/plan';
import { readDocument } from '../readBlob';
import { readManifest } from '../readManifest';
import { isInLog } from './checkHeads';
import type { Findings } from './findings';
import { type LoadedCampaign, stageNode } from './loadCampaign';

const READS_AT_ONCE = 16;

/**
 * A log has the places that results name which it does not tell of: who cuts off more of it than its end would have to
 * take these results away as well. What cannot be read of them belongs to no campaign that could be told.
 */
export async function checkUnlogged(
  bucket: Bucket,
  campaigns: readonly LoadedCampaign[],
  findings: Findings,
): Promise<void> {
  const told = new Set(campaigns.flatMap(({ stages }) => stages.map(({ resultKey }) => resultKey)));
  const others = (await bucket.list(RESULTS_FOLDER)).filter((object) => !told.has(object));
  await inParallel(others, READS_AT_ONCE, async (object) => {
    const statement = await statementOf(bucket, object);
    if (!statement) return;
    const { externalParameters, internalParameters } = statement.predicate.buildDefinition;
    const campaign = campaigns.find(({ id }) => id === externalParameters.campaign);
    const { log: seen } = internalParameters;
    if (!campaign || !seen) return;
    findings.looked();
    findings.isUsed(object, stageNode(campaign.id, externalParameters.stage));
    if (!(await isInLog(bucket, campaign.id, seen)))
      findings.fail(
        logFolder(campaign.id),
        `Stage ${externalParameters.stage} (${object}) was finished when the log had entry ${seen.number} of digest ${seen.digest}; it has none now.`,
      );
  });
}

async function statementOf(bucket: Bucket, object: string) {
  try {
    const result = await readDocument(bucket, object, StageResult);
    return result && (await readManifest(bucket, result.manifest.digest.sha256)).statement;
  } catch (error) {
    if (error instanceof StorageError && error.code.startsWith('ARTIFACT_')) return null;
    throw error;
  }
}
