import type { Command } from 'commander';
import { readCampaign } from '../../audit/readCampaign';
import { CHECKSUMS_FILE, exportFiles } from '../../formats/roCrate/exportFiles';
import { type BucketOptions, openBucket, withBucketOptions } from '../openBucket';
import { printJson } from '../options';
import { screenFiles } from '../screenFiles';
import { writeFolder } from '../writeFolder';

interface ExportOptions extends BucketOptions {
  out: string;
  allowFindings: boolean;
}

/** Files between two lines that say how far it is. */
const TELL_EVERY = 5_000;

export function registerAuditExport(audit: Command): void {
  withBucketOptions(audit.command('export <campaign>'))
    .description(
      'write all of a campaign into a folder (RO-Crate) that can be checked without π-loop and the store',
    )
    .requiredOption('--out <dir>', 'the folder; an export that is there is replaced')
    .option('--allow-findings', 'write although the text looks as if it held secrets or personal data', false)
    .action(exportCampaign);
}

async function exportCampaign(id: string, options: ExportOptions): Promise<void> {
  const { bucket, close } = openBucket(options);
  try {
    const campaign = await readCampaign(bucket, id);
    const files = await exportFiles(bucket, campaign);
    if (!options.allowFindings) await screenFiles(bucket, files);
    await writeFolder(bucket, options.out, files, {
      mark: CHECKSUMS_FILE,
      onFile: (done, of) => {
        if (!options.json && done % TELL_EVERY === 0) console.error(`${done} of ${of} files`);
      },
    });
    const head = campaign.log.at(-1)?.head ?? null;
    if (options.json) return printJson({ campaign: id, out: options.out, files: files.length, head });
    console.log(
      [
        `Campaign ${id} lies in ${options.out}: ${files.length} files; VERIFY.md there says how to check it with standard tools.`,
        `Check it here: pi-loop audit verify ${options.out}`,
      ].join('\n'),
    );
  } finally {
    close();
  }
}
