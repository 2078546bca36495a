import type { Command } from 'commander';
import { readLog } from '../../artifacts/campaignLog';
import { listCampaigns } from '../../audit/readCampaign';
import { CommandError } from '../commandError';
import { type BucketOptions, openBucket, withBucketOptions } from '../openBucket';
import { printJson } from '../options';
import { inert } from '../render/inert';
import { renderLog } from '../render/campaignLog';

export function registerLog(audit: Command): void {
  withBucketOptions(audit.command('log <campaign>'))
    .description(
      'what happened to a campaign: when, who, what and why; and the head to note outside the bucket',
    )
    .action(async (id: string, options: BucketOptions) => {
      const { bucket, close } = openBucket(options);
      try {
        const log = await readLog(bucket, id);
        if (log.length === 0) {
          const known = await listCampaigns(bucket);
          throw new CommandError(
            known.includes(id)
              ? `Campaign "${id}" has no log: it was run by a release before 0.3.0. \`pi-loop audit show results --campaign ${id}\` shows what there is.`
              : `${bucket.address} has no campaign "${id}".${known.length > 0 ? ` It has ${known.join(', ')}.` : ''}`,
            { exitCode: 2 },
          );
        }
        const last = log.at(-1)?.head;
        if (options.json) {
          const entries = log.map(({ head, entry, envelope }) => ({
            ...entry,
            digest: head.digest,
            signedBy: envelope.signatures.map(({ keyid }) => keyid),
          }));
          printJson({ campaign: id, head: `${last?.number}:${last?.digest}`, entries });
        } else console.log(inert(renderLog(log)));
      } finally {
        close();
      }
    });
}
