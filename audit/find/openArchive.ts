import type { Bucket } from '../../artifacts/bucket';
import { Archive } from '../index/archive';
import { BlobCache } from '../index/blobCache';
import type { PromptReader } from '../index/promptIndex';
import { type AuditedCampaign, listCampaigns, readCampaign } from '../readCampaign';

export interface ArchiveOptions {
  /** Where copies of indexes are kept; null: nowhere. */
  cache: string | null;
  /** The one campaign that is meant; without it all of the bucket's, the one that did something last first. */
  campaign?: string | undefined;
  /** Is told which campaigns cannot be read. */
  tell?: (text: string) => void;
  /** What a search for a prompt reads with. Default: this thread. */
  promptReader?: (bucket: Bucket) => PromptReader;
}

/**
 * The campaigns of a bucket that a question may be about. One that cannot be read hides none of the others; it is told.
 * Errors: ARTIFACT_* when none can be read.
 */
export async function openArchives(
  bucket: Bucket,
  { cache, campaign, tell = () => undefined, promptReader }: ArchiveOptions,
): Promise<Archive[]> {
  const ids = campaign === undefined ? await listCampaigns(bucket) : [campaign];
  const read = await Promise.allSettled(ids.map((id) => readCampaign(bucket, id)));
  const campaigns = read.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const errors: unknown[] = read.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  if (campaigns.length === 0 && errors.length > 0) throw errors[0];
  for (const error of errors) tell(`passed over: ${error instanceof Error ? error.message : String(error)}`);
  return campaigns
    .sort((a, b) => lastActive(b).localeCompare(lastActive(a)))
    .map((one) => new Archive(bucket, new BlobCache(bucket, cache), one, promptReader));
}

/** ISO 8601, of the log's last entry or the last stage's end. */
export function lastActive({ log, stages }: AuditedCampaign): string {
  const ends = stages.map(({ manifest }) => manifest.statement.predicate.runDetails.metadata.finishedOn);
  return [log.at(-1)?.entry.at ?? '', ...ends].sort().at(-1) ?? '';
}
