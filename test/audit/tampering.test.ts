import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DirectoryBucket } from '../../artifacts/bucket';
import { openSigningKey, type SigningKey } from '../../artifacts/signing/signingKey';
import { type AuditedCampaign, readCampaign } from '../../audit/readCampaign';
import { verifyBucket } from '../../audit/verify/verifyBucket';
import type { LogHead, Signer } from '../../schemas/attestation';
import { type FinishedCampaign, finishedCampaign } from '../support/finishedCampaign';
import { TamperedBucket } from './tamperedBucket';
import { TAMPERINGS } from './tamperings';

jest.setTimeout(300_000);

let finished: FinishedCampaign;
let campaign: AuditedCampaign;
let key: SigningKey;
let folder: string;
beforeAll(async () => {
  finished = await finishedCampaign();
  campaign = await readCampaign(finished.bucket, finished.id);
  key = openSigningKey(join(finished.state, 'signing-key.pem'));
  folder = mkdtempSync(join(tmpdir(), 'pi-loop-tampering-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const roots = (): Signer[] => [{ keyid: key.keyid, publicKey: key.publicKey, since: '', endorsedBy: null }];

const verify = (directory: string, head?: LogHead) =>
  verifyBucket(new DirectoryBucket(directory), { roots: roots(), head });

let copies = 0;
const copy = (): TamperedBucket =>
  TamperedBucket.copy(finished.directory, join(folder, String(++copies)), campaign, key);

test('a bucket that nobody has touched is verified', async () => {
  const { failures, checks, bytes } = await verify(finished.directory);
  expect(failures).toEqual([]);
  expect(checks.filter(({ checked }) => checked === 0).map(({ name }) => name)).toEqual(['limit of calls']);
  expect(bytes).toBeGreaterThan(1_000_000);
});

test('at least 40 ways of tampering are tried', () => {
  expect(new Set(TAMPERINGS.map(({ what }) => what)).size).toBeGreaterThanOrEqual(40);
});

describe('verification finds, and names with all that is built on it,', () => {
  test.each(TAMPERINGS)('$what', async ({ tamper, builtOnIt }) => {
    const bucket = copy();
    const object = tamper(bucket);
    const { failures } = await verify(bucket.root);
    rmSync(bucket.root, { recursive: true });
    expect(failures.map((one) => one.object)).toContain(object);
    if (builtOnIt === undefined) return;
    const built = failures.filter((one) => one.object === object).flatMap((one) => one.builtOnIt);
    expect(built).toContain(builtOnIt);
  });
});

describe('a whole campaign that is put back to an earlier state', () => {
  /** As it was when its log had so many entries: an older copy of the bucket. */
  function rolledBack(entries: number): TamperedBucket {
    const bucket = copy();
    const known = new Set(
      campaign.log
        .slice(0, entries)
        .flatMap(({ entry: { event } }) => (event.kind === 'stage-finished' ? [event.key] : [])),
    );
    for (const path of bucket.keys('campaigns/tiny/log').slice(entries)) bucket.remove(path);
    for (const path of bucket.keys('stages'))
      if (!known.has(path.slice('stages/'.length, -'.json'.length))) bucket.remove(path);
    bucket.remove('campaigns/tiny.json');
    return bucket;
  }

  test('is found by a head that was noted outside of the bucket, and by nothing else', async () => {
    const bucket = rolledBack(9);
    expect((await verify(bucket.root)).failures).toEqual([]);
    const head = campaign.log.at(-1)?.head;
    const { failures } = await verify(bucket.root, head);
    expect(failures).toEqual([
      expect.objectContaining({
        object: 'campaigns/tiny/log/',
        message: expect.stringContaining('put back'),
      }),
    ]);
  });
});
