import { type Command, Option } from 'commander';
import { type BucketOptions, openBucket, withBucketOptions } from './openBucket';
import { parseCampaignId, printJson } from './options';
import { readCampaign } from '../audit/readCampaign';
import { ExportFolder } from './export/exportFolder';
import { exportInspect } from './export/inspect';
import { Screening } from './export/screened';
import { exportSotopia } from './export/sotopia';
import { inert } from './render/inert';
import { type Column, textTable } from './render/textTable';

const WRITERS = { sotopia: exportSotopia, inspect: exportInspect } as const;
type Format = keyof typeof WRITERS;

const COLUMNS: Column[] = [
  { title: 'file', align: 'left' },
  { title: 'bytes', align: 'right' },
  { title: 'SHA-256', align: 'left' },
];

interface ExportOptions extends BucketOptions {
  as: Format;
  out?: string;
  collections: boolean;
  allowFindings: boolean;
}

export function registerExport(program: Command): void {
  const command = program
    .command('export')
    .argument('<campaign>', 'its id', parseCampaignId)
    .description('write a campaign in the forms that other tools read')
    .addOption(new Option('--as <format>', 'whose form').choices(Object.keys(WRITERS)).makeOptionMandatory())
    .option('--out <dir>', 'folder to write, empty or not there (default: <campaign>-<format>)')
    .option('--collections', 'inspect: logs of the rounds’ collections as well', false)
    .option('--allow-findings', 'write even what looks like a secret or personal data', false);
  withBucketOptions(command).action(run);
}

async function run(id: string, options: ExportOptions): Promise<void> {
  const { bucket, close } = openBucket(options);
  const screening = new Screening();
  const folder = new ExportFolder(options.out ?? `${id}-${options.as}`, screening);
  try {
    const campaign = await readCampaign(bucket, id);
    const report = await WRITERS[options.as](bucket, campaign, folder, options);
    const files = await folder.finish(options.allowFindings);
    const document = { campaign: id, format: options.as, folder: folder.path, files, ...report };
    if (options.json) return printJson({ ...document, findings: screening.findings });
    const rows = files.map(({ name, bytes, sha256 }) => [name, String(bytes), sha256]);
    console.log(inert([folder.path, ...textTable(COLUMNS, rows)].join('\n')));
  } finally {
    folder.discard();
    close();
  }
}
