import { planCollection } from '../../audit/retention/collectionPlan';
import { episodeNeedle, textNeedle } from '../../audit/retention/needle';
import { referencesOf } from '../../audit/retention/references';
import { newSigningKeyPem, readSigningKey } from '../../artifacts/signing/signingKey';
import { PAYLOAD_TYPES, signText } from '../../artifacts/signing/envelope';
import { blobKey } from '../../artifacts/artifactStore';
import { type ObjectStore, startObjectStore } from '../support/objectStore';

const digest = (letter: string) => letter.repeat(64);
const key = readSigningKey(newSigningKeyPem(), 'a test');
const bytesOf = (value: unknown) => Buffer.from(JSON.stringify(value));

describe('what an object names', () => {
  it('is found within signed payloads as well', () => {
    const envelope = signText(JSON.stringify({ input: digest('a') }), PAYLOAD_TYPES.statement, key);
    expect(referencesOf(bytesOf(envelope)).follow).toContain(digest('a'));
  });

  it('is not followed from the files of a folder', () => {
    const listing = { files: [{ bytes: 1, name: 'model.safetensors', sha256: digest('b') }] };
    expect(referencesOf(bytesOf(listing))).toEqual({ follow: [], leaves: [digest('b')] });
  });

  it('is found in text of any form', () => {
    expect(referencesOf(Buffer.from(`see policy:${digest('c')}, and not ${digest('d')}0`)).follow).toEqual([
      digest('c'),
    ]);
  });
});

describe('a text to be forgotten is found', () => {
  const text = 'My name is Zoë "Z" Ångström\nof 5 Elm';
  it.each([
    ['as it is', Buffer.from(`# ${text}`)],
    ['in JSON', bytesOf({ a: text })],
    ['in JSON within JSON', bytesOf({ a: JSON.stringify({ b: text }) })],
    [
      'in JSON as Python writes it',
      Buffer.from(
        JSON.stringify(text).replace(/[^ -~]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
      ),
    ],
    ['in a signed payload', bytesOf(signText(JSON.stringify({ a: text }), PAYLOAD_TYPES.logEntry, key))],
    [
      'in a payload of a history',
      bytesOf({ payloads: [{ metadata: {}, data: bytesOf([text]).toString('base64') }] }),
    ],
  ])('%s', (_form, bytes) => {
    expect(textNeedle(text)(bytes, null)).toBe(true);
    expect(textNeedle('My name is Zoe and')(bytes, null)).toBe(false);
  });
});

it('an episode to be forgotten is found in training rows, not in the decisions and indexes that only name it', () => {
  const holds = episodeNeedle('e1');
  const row = { id: 'e1/0', task: 't', messages: [], episode: 'e1', position: 0 };
  expect(
    holds(Buffer.from(`${JSON.stringify({ ...row, episode: 'e2' })}\n${JSON.stringify(row)}\n`), null),
  ).toBe(true);
  expect(holds(bytesOf({ kind: 'unrated', episode: 'e1', reason: 'refusal', answer: 'no' }), null)).toBe(
    true,
  );
  expect(holds(bytesOf({ episode: 'e1', position: 0, keep: true, reason: 'drawn' }), null)).toBe(false);
  expect(holds(bytesOf({ episodes: [{ id: 'e1' }] }), null)).toBe(false);
});

describe('a collection of what nobody needs', () => {
  let objects: ObjectStore;
  beforeEach(async () => {
    objects = await startObjectStore();
  });
  afterEach(() => objects.stop());

  const LATER = new Date(Date.now() + 10 * 86_400_000);
  const OPTIONS = { keepDays: 2, drop: [], checkpoints: false, now: LATER };
  const goneKeys = async (options = OPTIONS) =>
    (await planCollection(objects.store, options)).gone.map((one) => one.key);
  const design = digest('e');
  const row = (episode: string) => ({
    number: 0,
    episode,
    ending: 'left',
    turns: 2,
    spent: { calls: 2, inputTokens: 1, outputTokens: 1 },
  });

  it('keeps what is younger than the grace', async () => {
    await objects.store.putJson({ work: 'under way' }, 'blob.json');
    expect(await goneKeys({ ...OPTIONS, now: new Date() })).toEqual([]);
    expect(await goneKeys()).toHaveLength(1);
  });

  it('keeps what a campaign that has not finished has begun, and lets it go when nobody may go on with it', async () => {
    const { store } = objects;
    const played = await store.putJson({ turns: 2 }, 'episode.json');
    const batch = `batches/conversations/${design}/00000000-00000008.json`;
    await store.putDocument(batch, { played: [row(played.digest.sha256)], open: [] });
    expect(await goneKeys()).toEqual([batch, blobKey(played.digest.sha256)]);
    await store.putDocument('campaigns/unfinished/calls.json', { calls: 3 });
    expect(await goneKeys()).toEqual([]);
    await store.putDocument('campaigns/unfinished.json', { campaign: 'unfinished' });
    expect(await goneKeys()).toEqual([batch, blobKey(played.digest.sha256)]);
  });

  it('keeps all that a record leads to: results by their keys, manifests, folders with their files', async () => {
    const { store } = objects;
    const file = await store.putText('weights', 'model.bin', 'application/octet-stream');
    const folder = await store.putJson(
      { files: [{ bytes: 7, name: 'model.bin', sha256: file.digest.sha256 }] },
      'policy',
    );
    const input = await store.putJson({ dataset: 1 }, 'dataset');
    const manifest = await store.putJson(
      signText(JSON.stringify({ reads: input.digest.sha256 }), PAYLOAD_TYPES.statement, key),
      'manifest',
    );
    await store.putDocument(`stages/${digest('1')}.json`, {
      policy: folder.digest.sha256,
      manifest: manifest.digest.sha256,
    });
    await store.putDocument(`stages/${digest('2')}.json`, { nobody: 'names this' });
    await store.putDocument('campaigns/done.json', { stages: [{ id: 'base', key: digest('1') }] });
    await store.putDocument('tombstones/x.json', {});
    expect(await goneKeys()).toEqual([`stages/${digest('2')}.json`]);
  });

  it('lets checkpoints go only when told so, and only of finished trainings', async () => {
    const { store } = objects;
    const state = await store.putJson({ optimiser: 1 }, 'state');
    const other = await store.putJson({ optimiser: 2 }, 'state');
    await store.putDocument(`stages/${digest('1')}.json`, {});
    await store.putDocument(`checkpoints/${digest('1')}/000000005.json`, { directory: state.digest.sha256 });
    await store.putDocument(`checkpoints/${digest('1')}/epochs/000001.json`, {});
    await store.putDocument(`checkpoints/${digest('2')}/000000005.json`, { directory: other.digest.sha256 });
    await store.putDocument('campaigns/done.json', { keys: [digest('1'), digest('2')] });
    expect(await goneKeys()).toEqual([]);
    expect(await goneKeys({ ...OPTIONS, checkpoints: true })).toEqual([
      blobKey(state.digest.sha256),
      `checkpoints/${digest('1')}/000000005.json`,
    ]);
  });
});
