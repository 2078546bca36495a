import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { CommandError } from './commandError';
import { type BucketOptions, openBucket, withBucketOptions } from './openBucket';
import { parseCampaignId, printJson } from './options';
import { readCampaign } from '../audit/readCampaign';
import { ExportFolder } from './export/exportFolder';
import { exportInspect } from './export/inspect';
import { EVENTS_FILE, exportOpenLineage } from './export/openlineage';
import { postEvents } from './export/postEvents';
import { Screening } from './export/screened';
import { exportSotopia } from './export/sotopia';
import { inert } from './render/inert';
import { type Column, textTable } from './render/textTable';

const WRITERS = { sotopia: exportSotopia, inspect: exportInspect, openlineage: exportOpenLineage } as const;
type Format = keyof typeof WRITERS;

const COLUMNS: Column[] = [
  { title: 'file', align: 'left' },
  { title: 'bytes', align: 'right' },
  { title: 'SHA-256', align: 'left' },
];

interface ExportOptions extends BucketOptions {
  as: Format;
  out?: string;
  url?: string;
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
    .option(
      '--url <url>',
      'openlineage: send the events there as well, with OPENLINEAGE_API_KEY of the environment as bearer token',
    )
    .option('--collections', 'inspect: logs of the rounds’ collections as well', false)
    .option('--allow-findings', 'write even what looks like a secret or personal data', false);
  withBucketOptions(command).action(run);
}

async function run(id: string, options: ExportOptions): Promise<void> {
  if (options.url !== undefined && options.as !== 'openlineage') {
    throw new CommandError('--url goes with --as openlineage.', { exitCode: 2 });
  }
  const { bucket, close } = openBucket(options);
  const screening = new Screening();
  const folder = new ExportFolder(options.out ?? `${id}-${options.as}`, screening);
  try {
    const campaign = await readCampaign(bucket, id);
    const report = await WRITERS[options.as](bucket, campaign, folder, options);
    const files = await folder.finish(options.allowFindings);
    if (options.url !== undefined) await post(join(folder.path, EVENTS_FILE), options.url);
    const document = { campaign: id, format: options.as, folder: folder.path, files, ...report };
    if (options.json) return printJson({ ...document, findings: screening.findings });
    const rows = files.map(({ name, bytes, sha256 }) => [name, String(bytes), sha256]);
    console.log(inert([folder.path, ...textTable(COLUMNS, rows)].join('\n')));
  } finally {
    folder.discard();
    close();
  }
}

async function post(file: string, url: string): Promise<void> {
  const events = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  await postEvents(events, { url, apiKey: process.env['OPENLINEAGE_API_KEY'] });
}
