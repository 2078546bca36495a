import { execFile } from 'node:child_process';
import { appendFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { blobKey } from '../../artifacts/blobKey';
import { DirectoryBucket } from '../../artifacts/bucket';
import { readCampaign } from '../../audit/readCampaign';
import { readJsonLinesBlob } from '../../audit/readBlob';
import { outputOf } from '../../audit/readManifest';
import { verifyBucket } from '../../audit/verify/verifyBucket';
import { built } from '../../deploy/local/checkout';
import { CollectedEpisode } from '../../schemas/episode';
import { type FinishedCampaign, finishedCampaign } from '../support/finishedCampaign';

let finished: FinishedCampaign;
let folder: string;
beforeAll(async () => {
  finished = await finishedCampaign();
  folder = mkdtempSync(join(tmpdir(), 'pi-loop-verify-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const Verification = z.looseObject({
  failures: z.array(z.looseObject({ object: z.string() })),
  checks: z.array(z.looseObject({ name: z.string(), checked: z.number() })),
});

const command = (...args: string[]): [string, string[]] => [
  process.execPath,
  [built('cli/main.js'), 'audit', ...args, '--state', finished.state],
];

/** As people run it: in threads. */
const verifyByCommand = (directory: string) =>
  new Promise<{ code: number; told: z.infer<typeof Verification> }>((resolve) => {
    const child = execFile(
      ...command('verify', directory, '--json'),
      { maxBuffer: 1 << 26 },
      (_error, stdout) =>
        resolve({ code: child.exitCode ?? -1, told: Verification.parse(JSON.parse(stdout)) }),
    );
  });

test('threads find of a campaign that nobody has touched what one thread finds: nothing', async () => {
  const { code, told } = await verifyByCommand(finished.directory);
  expect({ code, failures: told.failures }).toEqual({ code: 0, failures: [] });
});

test('threads name the same damaged episodes, missing ratings and all that is built on them as one thread', async () => {
  const directory = join(folder, 'damaged');
  cpSync(finished.directory, directory, { recursive: true });
  const { stages } = await readCampaign(finished.bucket, finished.id);
  const collected = stages.find(({ kind }) => kind === 'collectEpisodes');
  if (!collected) throw new Error('nothing was collected');
  const index = outputOf(collected.manifest.statement, 'episodes') ?? '';
  const [first, second] = await readJsonLinesBlob(finished.bucket, index, CollectedEpisode);
  if (!first || !second) throw new Error('fewer than two episodes');
  appendFileSync(join(directory, blobKey(first.episode)), ' ');
  rmSync(join(directory, blobKey(second.rating)));
  const { code, told } = await verifyByCommand(directory);
  const { failures } = await verifyBucket(new DirectoryBucket(directory), { roots: [] });
  expect(code).toBe(1);
  expect(told.failures.map(({ object }) => object)).toEqual(
    expect.arrayContaining([blobKey(first.episode), blobKey(second.rating)]),
  );
  expect(told.failures).toEqual(failures);
});

test('an export is checked in every place in which the bucket is that it was made of', async () => {
  const directory = join(folder, 'export');
  await promisify(execFile)(...command('export', finished.id, '--out', directory));
  const places = async (where: string) =>
    (await verifyByCommand(where)).told.checks.map(({ name, checked }) => `${name}: ${checked}`);
  expect(await places(directory)).toEqual(await places(finished.directory));
});
