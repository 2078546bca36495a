import { canonicalJson, sha256 } from '../../../artifacts/canonicalJson';
import { logKey } from '../../../artifacts/documentKeys';
import { PAYLOAD_TYPES, signText } from '../../../artifacts/signing/envelope';
import type { LogHead } from '../../../schemas/attestation';
import type { LogEntry } from '../../../schemas/campaignLog';
import type { TamperedBucket } from '../tamperedBucket';

const KINDS = new Set(['campaign-started', 'stage-started', 'stage-finished', 'campaign-finished']);

/** Adds a campaign that was forked from the bucket's own when its log had this head, and reuses all its results. */
export function addFork(bucket: TamperedBucket, id: string, head: LogHead): void {
  const parent = { campaign: bucket.campaign.id, stage: 'results', head };
  let previous: string | null = null;
  bucket.campaign.log
    .filter(({ entry }) => KINDS.has(entry.event.kind))
    .forEach(({ entry: { event, ...entry } }, index) => {
      const changed: LogEntry = {
        ...{ ...entry, campaign: id, number: index + 1, previous },
        event:
          event.kind === 'campaign-started'
            ? { ...event, parent }
            : event.kind === 'stage-finished'
              ? { ...event, reused: true }
              : event,
      };
      const file = canonicalJson(signText(canonicalJson(changed), PAYLOAD_TYPES.logEntry, bucket.key));
      bucket.write(logKey(id, index + 1), file);
      previous = sha256(file);
    });
  const record = bucket.json(`campaigns/${bucket.campaign.id}.json`);
  record.campaign = id;
  for (const stage of record.stages) stage.reused = true;
  bucket.write(`campaigns/${id}.json`, canonicalJson(record));
}
