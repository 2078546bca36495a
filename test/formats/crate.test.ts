import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { built } from '../../deploy/local/checkout';
import { type FinishedCampaign, finishedCampaign } from '../support/finishedCampaign';
import { validate } from '../support/validators';

const run = promisify(execFile);

let campaign: FinishedCampaign;
let folder: string;
let crate: string;
beforeAll(async () => {
  campaign = await finishedCampaign();
  folder = await mkdtemp(join(tmpdir(), 'pi-loop-crate-'));
  crate = await exported('crate');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function exported(name: string): Promise<string> {
  const out = join(folder, name);
  const arguments_ = ['audit', 'export', campaign.id, '--directory', campaign.directory, '--out', out];
  await run(process.execPath, [built('cli/main.js'), ...arguments_]);
  return out;
}

const sums = (directory: string) =>
  run('sha256sum', ['--check', '--quiet', 'SHA256SUMS'], { cwd: directory });

test('an export is an RO-Crate in which each stage is an action on files that are there', async () => {
  const { actions, named } = (await validate('crate.py', [crate])) as { actions: number; named: number };
  expect(actions).toBe(15);
  expect(named).toBeGreaterThanOrEqual(30);
});

test('sha256sum checks every file of an export', async () => {
  await sums(crate);
  const listed = (await readFile(join(crate, 'SHA256SUMS'), 'utf8')).trimEnd().split('\n').length;
  const files = (await readdir(crate, { recursive: true, withFileTypes: true })).filter((one) =>
    one.isFile(),
  );
  expect(files).toHaveLength(listed + 1);
});

test('an export of the same campaign is the same, byte for byte', async () => {
  const again = await exported('again');
  const [first, second] = await Promise.all(
    [crate, again].map((one) => readFile(join(one, 'SHA256SUMS'), 'utf8')),
  );
  expect(second).toBe(first);
  await sums(again);
});

test('the commands of VERIFY.md check a signature with Python and OpenSSL alone', async () => {
  const guide = await readFile(join(crate, 'VERIFY.md'), 'utf8');
  const script = /(python3 - [\s\S]*?END\n)[\s\S]*?(openssl pkeyutl .*)/.exec(guide.replace(/^ {4}/gm, ''));
  const command = `set -e; ${script?.[1]}\n${script?.[2]}`;
  const { stdout } = await run('bash', ['-c', command], { cwd: await exported('checked') });
  expect(stdout).toMatch(/Verified Successfully/);
});
