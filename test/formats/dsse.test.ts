import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalJson, sha256 } from '../../artifacts/canonicalJson';
import { PAYLOAD_TYPES, payloadOf, signText } from '../../artifacts/signing/envelope';
import { newSigningKeyPem, readSigningKey } from '../../artifacts/signing/signingKey';
import {
  type Envelope,
  PROVENANCE_TYPE,
  STATEMENT_TYPE,
  type Signer,
  StageStatement,
} from '../../schemas/attestation';
import { LogEntry } from '../../schemas/campaignLog';
import { validate } from '../support/validators';

const digest = sha256('anything');
const key = readSigningKey(newSigningKeyPem(), 'the test');

const statement = StageStatement.parse({
  _type: STATEMENT_TYPE,
  subject: [
    { name: 'policy', uri: 's3://bucket/blob', digest: { sha256: digest }, mediaType: 'application/json' },
  ],
  predicateType: PROVENANCE_TYPE,
  predicate: {
    buildDefinition: {
      buildType: 'https://pi-loop.dev/stage/trainPolicy/v2',
      externalParameters: {
        campaign: 'c',
        stage: 'train/BC',
        parameters: { seed: 7, recipe: { steps: 30 } },
      },
      internalParameters: {
        key: digest,
        counts: { rows: 12 },
        cost: { calls: 0, inputTokens: 0, outputTokens: 0, gpuSeconds: 1.5 },
        seconds: 2.25,
        models: [{ model: 'expert', snapshot: 'expert-2026-01' }],
        log: { number: 3, digest },
      },
      resolvedDependencies: [
        { name: 'dataset', uri: 's3://bucket/other', digest: { sha256: digest } },
        { name: 'source', digest: { gitCommit: 'a'.repeat(40) } },
      ],
    },
    runDetails: {
      builder: { id: 'https://pi-loop.dev/worker/0.3.0', version: { 'pi-loop': '0.3.0' } },
      metadata: {
        invocationId: 'default/campaign/c/run/7/1',
        startedOn: '2026-11-25T00:00:00.000Z',
        finishedOn: '2026-11-25T00:00:02.250Z',
      },
    },
  },
} satisfies StageStatement);

const entry: LogEntry = LogEntry.parse({
  campaign: 'c',
  number: 1,
  previous: null,
  id: 'start',
  at: '2026-11-25T00:00:00.000Z',
  actor: 'Ada ☕',
  reason: '',
  event: { kind: 'stage-started', stage: 'train/BC', key: digest },
} satisfies LogEntry);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dsse-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What in-toto's and the Update Framework's own libraries say of an envelope. */
function ask(envelope: Envelope, by = key): Promise<unknown> {
  const signer: Signer = { keyid: by.keyid, publicKey: by.publicKey, since: entry.at, endorsedBy: null };
  const files = { envelope: join(folder, 'envelope.json'), signer: join(folder, 'signer.json') };
  writeFileSync(files.envelope, canonicalJson(envelope));
  writeFileSync(files.signer, canonicalJson(signer));
  return validate('dsse.py', [files.envelope, files.signer]);
}

const signedStatement = signText(canonicalJson(statement), PAYLOAD_TYPES.statement, key);

test('securesystemslib verifies a manifest by our key id, and in-toto reads its statement and provenance', async () => {
  await expect(ask(signedStatement)).resolves.toEqual({
    keyids: [key.keyid],
    payloadType: 'application/vnd.in-toto+json',
    statement: { predicateType: PROVENANCE_TYPE, subjects: ['policy'] },
  });
});

test('securesystemslib verifies an entry of a campaign’s log', async () => {
  const signed = signText(canonicalJson(entry), PAYLOAD_TYPES.logEntry, key);
  await expect(ask(signed)).resolves.toMatchObject({ keyids: [key.keyid], statement: null });
});

test('a changed payload does not verify', async () => {
  const changed = payloadOf(signedStatement).replace('"steps":30', '"steps":31');
  expect(changed).not.toBe(payloadOf(signedStatement));
  const payload = Buffer.from(changed).toString('base64');
  await expect(ask({ ...signedStatement, payload })).rejects.toThrow(/Accepted signatures do not match/);
});

test('nor does a payload that is passed off as one of another type, or another’s signature', async () => {
  const payloadType = PAYLOAD_TYPES.logEntry;
  await expect(ask({ ...signedStatement, payloadType })).rejects.toThrow(/Accepted signatures do not match/);
  const other = readSigningKey(newSigningKeyPem(), 'the test');
  const claimed = { ...other, keyid: key.keyid };
  await expect(ask(signedStatement, claimed)).rejects.toThrow(/Accepted signatures do not match/);
});

test('a statement with a field that in-toto does not know is refused', async () => {
  const odd = { ...statement, extra: true };
  const signed = signText(canonicalJson(odd), PAYLOAD_TYPES.statement, key);
  await expect(ask(signed)).rejects.toThrow(/extra/);
});
