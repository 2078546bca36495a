import { logKey } from '../../artifacts/documentKeys';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DirectoryBucket } from '../../artifacts/bucket';
import { canonicalJson } from '../../artifacts/canonicalJson';
import { PAYLOAD_TYPES, signText } from '../../artifacts/signing/envelope';
import { openSigningKey, type SigningKey } from '../../artifacts/signing/signingKey';
import { type AuditedCampaign, readCampaign } from '../../audit/readCampaign';
import { verifyBucket } from '../../audit/verify/verifyBucket';
import type { LogHead, Signer } from '../../schemas/attestation';
import type { LogEntry, LogEvent, Tombstone } from '../../schemas/campaignLog';
import { type FinishedCampaign, finishedCampaign } from '../support/finishedCampaign';
import { blob, TamperedBucket } from './tamperedBucket';
import { addFork } from './tampering/forked';
import { TAMPERINGS } from './tamperings';

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

describe('a campaign that another was forked from', () => {
  const head = (): LogHead => {
    const [last] = campaign.log.slice(-1);
    if (!last) throw new Error('no log');
    return last.head;
  };

  test('is verified with it', async () => {
    const bucket = copy();
    addFork(bucket, 'fork', head());
    const { failures, campaigns } = await verify(bucket.root);
    expect(campaigns).toEqual(['fork', 'tiny']);
    expect(failures).toEqual([]);
  });

  test('cannot be put back to an earlier state: the fork names the places that its log had', async () => {
    const bucket = copy();
    addFork(bucket, 'fork', head());
    for (const path of bucket.keys('campaigns/tiny/log').slice(9)) bucket.remove(path);
    bucket.remove('campaigns/tiny.json');
    for (const campaigns of [['fork'], ['fork', 'tiny']]) {
      const { failures } = await verifyBucket(new DirectoryBucket(bucket.root), {
        roots: roots(),
        campaigns,
      });
      const cut = failures.filter(({ object }) => object === 'campaigns/tiny/log/');
      expect(cut.map(({ message }) => message)).toContainEqual(
        expect.stringContaining(`Campaign fork was forked from it when the log had entry ${head().number}`),
      );
      expect(cut.flatMap(({ builtOnIt }) => builtOnIt)).toContain('campaign fork: stage results');
    }
  });
});

test('a campaign that goes on while it is verified is not said to have lost its log', async () => {
  const bucket = copy();
  bucket.remove('campaigns/tiny.json');
  /** Lists the log as it was a moment ago. */
  class Running extends DirectoryBucket {
    override async list(prefix: string): Promise<string[]> {
      const keys = await super.list(prefix);
      return prefix === 'campaigns/tiny/log/' ? keys.slice(0, 9) : keys;
    }
  }
  expect((await verifyBucket(new Running(bucket.root), { roots: roots() })).failures).toEqual([]);
});

describe('what may happen to a campaign after its end is no tampering:', () => {
  const NOW = '2026-01-01T00:00:00.000Z';
  const append = (bucket: TamperedBucket, event: LogEvent) => {
    const { number, digest } = campaign.log.at(-1)?.head ?? { number: 0, digest: '' };
    const entry: LogEntry = {
      ...{ campaign: finished.id, number: number + 1, previous: digest },
      ...{ id: 'later', at: NOW, actor: 'somebody', reason: 'a test', event },
    };
    const file = canonicalJson(signText(canonicalJson(entry), PAYLOAD_TYPES.logEntry, key));
    bucket.write(logKey(finished.id, number + 1), file);
  };

  test.each([
    ['its plan', () => campaign.plan.digest],
    ['a manifest', () => campaign.stages[5]?.manifest.digest ?? ''],
    ['a dataset', () => copy().output('BC/filter', 'dataset')],
  ])('%s is forgotten, with a signed tombstone', async (_what, digestOf) => {
    const bucket = copy();
    const digest = digestOf();
    const tombstone: Tombstone = { digest, cause: 'forgotten', at: NOW, actor: 'somebody', reason: 'a test' };
    const signed = signText(canonicalJson(tombstone), PAYLOAD_TYPES.tombstone, key);
    bucket.remove(blob(digest));
    bucket.write(`tombstones/${digest}.json`, canonicalJson(signed));
    const { failures, explained } = await verify(bucket.root);
    expect(failures).toEqual([]);
    expect(explained).toEqual([{ digest, cause: 'forgotten', reason: 'a test' }]);
  });

  test('its results are collected', async () => {
    const bucket = copy();
    append(bucket, { kind: 'collected', plan: campaign.plan.digest, blobs: 0 });
    for (const path of bucket.keys('stages')) bucket.remove(path);
    expect((await verify(bucket.root)).failures).toEqual([]);
  });
});
