import type { Command } from 'commander';
import { readCampaign } from '../../audit/readCampaign';
import { screenCampaign } from '../../audit/screenCampaign';
import { type BucketOptions, openBucket, withBucketOptions } from '../openBucket';
import { printJson } from '../options';
import { inert } from '../render/inert';
import { count } from '../render/numbers';

/** How many findings are printed; `--json` has all. */
const SHOWN = 50;

export function registerScreen(audit: Command): void {
  withBucketOptions(audit.command('screen <campaign>'))
    .description('look for secrets and personal data in what an export or a release would carry')
    .action(async (id: string, options: BucketOptions) => {
      const { bucket, close } = openBucket(options);
      try {
        const { findings, texts, bytes } = await screenCampaign(bucket, await readCampaign(bucket, id));
        if (findings.length > 0) process.exitCode = 1;
        if (options.json) return printJson({ campaign: id, texts, bytes, findings });
        for (const { category, kind, where, line, column, masked } of findings.slice(0, SHOWN))
          console.log(inert(`${where}:${line}:${column} ${category}: ${kind} ${masked}`));
        if (findings.length > SHOWN)
          console.log(`… and ${count(findings.length - SHOWN)} more; --json has all.`);
        console.log(
          `${count(findings.length)} findings in ${count(texts)} texts (${count(bytes)} bytes). Only well-known forms are found.`,
        );
      } finally {
        close();
      }
    });
}
