import { execFile } from 'node:child_process';
import { appendFile, cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sha256 } from '../../artifacts/canonicalJson';
import { writeFolder } from '../../cli/writeFolder';
import { built } from '../../deploy/local/checkout';
import { type FinishedCampaign, finishedCampaign } from '../support/finishedCampaign';
import { validate } from '../support/validators';

const run = promisify(execFile);

let campaign: FinishedCampaign;
let folder: string;
let first: string;
beforeAll(async () => {
  campaign = await finishedCampaign();
  folder = await mkdtemp(join(tmpdir(), 'pi-loop-release-'));
  first = await release('first');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs the command on the bucket at rest. @returns the folder */
async function release(name: string, ...more: string[]): Promise<string> {
  const out = join(folder, name);
  const key = join(folder, 'release-key.pem');
  await run(process.execPath, [
    built('cli/main.js'),
    ...['release', campaign.id, '--directory', campaign.directory],
    ...['--out', out, '--key', key, '--license', 'Apache-2.0', ...more],
  ]);
  return out;
}

async function contentOf(directory: string): Promise<Record<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(
    await Promise.all(
      files.map(async (file) => [file.slice(directory.length), sha256(await readFile(file))] as const),
    ),
  );
}

test('a release is read by model-signing, mlcroissant and huggingface_hub without an error or a warning', async () => {
  const fine = { errors: [], warnings: [], license: 'apache-2.0', rows: expect.any(Number) };
  expect(await validate('release.py', [first])).toMatchObject({
    card: { license: 'apache-2.0', tags: expect.arrayContaining(['simulated']) },
    datasets: { BC: { ...fine, name: 'tiny-BC' }, 'BC+SR': { ...fine, name: 'tiny-BC+SR' } },
  });
});

test('a file that was changed after the release is found by model-signing', async () => {
  const changed = join(folder, 'changed');
  await cp(first, changed, { recursive: true });
  await appendFile(join(changed, 'datasets/BC/dataset.jsonl'), '\n');
  await expect(validate('release.py', [changed])).rejects.toThrow(/datasets\/BC\/dataset.jsonl|mismatch/i);
});

test('the same campaign gives the same release, byte for byte', async () => {
  expect(await contentOf(await release('second'))).toEqual(await contentOf(first));
});

test('a folder that holds something else is left alone', async () => {
  const mine = await mkdtemp(join(folder, 'mine-'));
  await writeFile(join(mine, 'thesis.txt'), 'years of work');
  await expect(release(mine.slice(folder.length + 1))).rejects.toThrow(/holds something else/);
  expect(await readdir(mine)).toEqual(['thesis.txt']);
});

test('a policy that the campaign does not have is refused by the names of those it has', async () => {
  await expect(release('none', '--policy', 'BD')).rejects.toThrow(/no policy "BD".*base, BC, BC\+SR/);
});

test.each(['../outside', 'a/../../outside', 'a\\b'])(
  'a listing that names %s is written nowhere',
  async (path) => {
    const out = join(folder, 'hostile');
    const files = [
      { path: 'README.md', text: 'a card' },
      { path, text: 'harm' },
    ];
    await expect(writeFolder(campaign.bucket, out, files, { mark: 'README.md' })).rejects.toThrow(
      /not written/,
    );
    expect(await readdir(folder)).not.toContain('outside');
    expect(await readdir(folder)).not.toContain('hostile');
  },
);

test('two files of one name are refused', async () => {
  const files = [
    { path: 'README.md', text: 'a card' },
    { path: 'README.md', text: 'another' },
  ];
  await expect(
    writeFolder(campaign.bucket, join(folder, 'clash'), files, { mark: 'README.md' }),
  ).rejects.toThrow(/Two files/);
});
