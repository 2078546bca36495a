import { randomBytes } from 'node:crypto';
import { mkdir, readFile, truncate, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { sha256 } from '../../artifacts/canonicalJson';
import { MEDIA_TYPES } from '../../schemas/names';
import { freePort, type ObjectStore, startObjectStore } from '../support/objectStore';
import { codeOf } from '../support/storageCode';

let objects: ObjectStore;
beforeAll(async () => {
  objects = await startObjectStore();
});
afterAll(() => objects.stop());

/** Other bytes each time, so that tests do not find each other's blobs. */
const fresh = (bytes: number) => randomBytes(bytes);
const put = (bytes: Uint8Array) => objects.store.putBytes(bytes, 'some', MEDIA_TYPES.binary);

describe('blobs', () => {
  test('lie under the digest of their bytes and are read back as they were', async () => {
    const bytes = fresh(1000);
    const ref = await put(bytes);
    expect(ref).toEqual({
      name: 'some',
      uri: `s3://pi-loop/blobs/sha256/${sha256(bytes)}`,
      digest: { sha256: sha256(bytes) },
      mediaType: MEDIA_TYPES.binary,
      bytes: 1000,
    });
    expect(await objects.store.getBytes(sha256(bytes))).toEqual(bytes);
    expect(await readFile(objects.blobFile(sha256(bytes)))).toEqual(bytes);
  });

  test('an empty blob is one too', async () => {
    const { digest } = await put(new Uint8Array());
    expect(await objects.store.getBytes(digest.sha256)).toHaveLength(0);
  });

  test('JSON with its members in another order is the same blob', async () => {
    const first = await objects.store.putJson({ a: 1, b: [{ d: 'ü', c: 2 }] }, 'one');
    const second = await objects.store.putJson({ b: [{ c: 2, d: 'ü' }], a: 1, e: undefined }, 'two');
    expect(second.digest).toEqual(first.digest);
  });

  test.each([
    ['small', 100],
    ['large', 5_000_000],
  ])('a %s blob written again, also by many at once, is kept as it is', async (_size, size) => {
    const bytes = fresh(size);
    const others = [objects.open(), objects.open()];
    const refs = await Promise.all(
      [...others, ...others, ...others].map((store) => store.putBytes(bytes, 'some', MEDIA_TYPES.binary)),
    );
    refs.push(await put(bytes));
    expect(new Set(refs.map(({ digest }) => digest.sha256))).toEqual(new Set([sha256(bytes)]));
    // Byte by byte in jest, five million bytes take most of a minute.
    expect((await objects.store.getBytes(sha256(bytes))).equals(bytes)).toBe(true);
  });

  test('one flipped byte on the disk is noticed when the blob is read', async () => {
    const bytes = fresh(2000);
    const { digest } = await put(bytes);
    bytes[777] = (bytes[777] ?? 0) ^ 1;
    await writeFile(objects.blobFile(digest.sha256), bytes);
    const reading = objects.store.getBytes(digest.sha256);
    await expect(reading).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' });
    await expect(reading).rejects.toThrow(digest.sha256);
  });

  test('a blob cut short is noticed', async () => {
    const { digest } = await put(fresh(2000));
    await truncate(objects.blobFile(digest.sha256), 1999);
    expect(['ARTIFACT_CORRUPT', 'STORAGE_UNREACHABLE']).toContain(
      await codeOf(objects.store.getBytes(digest.sha256)),
    );
  });

  test('a blob that is gone is said to be missing, by its digest', async () => {
    const { digest } = await put(fresh(20));
    await unlink(objects.blobFile(digest.sha256));
    const reading = objects.store.getBytes(digest.sha256);
    await expect(reading).rejects.toMatchObject({ code: 'ARTIFACT_MISSING' });
    await expect(reading).rejects.toThrow(digest.sha256);
  });

  test('a blob of another form than asked for is corrupt, not trusted', async () => {
    const { digest } = await objects.store.putJson({ steps: 'three' }, 'some');
    expect(await codeOf(objects.store.getJson(digest.sha256, z.object({ steps: z.number() })))).toBe(
      'ARTIFACT_CORRUPT',
    );
    const text = await put(Buffer.from('no JSON'));
    expect(await codeOf(objects.store.getJson(text.digest.sha256, z.object({})))).toBe('ARTIFACT_CORRUPT');
    expect(await codeOf(objects.store.getJsonLines(text.digest.sha256, z.object({})))).toBe(
      'ARTIFACT_CORRUPT',
    );
  });
});

describe('named documents', () => {
  const Document = z.strictObject({ by: z.string() });

  test('of many that write one at once exactly one wins, and everyone reads the winner’s', async () => {
    const writers = Array.from({ length: 8 }, (_, number) => `writer-${number}`);
    const written = await Promise.all(
      writers.map((by) => objects.open().putDocumentOnce('race/one.json', { by })),
    );
    expect(written.filter(Boolean)).toHaveLength(1);
    expect(await objects.store.getDocument('race/one.json', Document)).toEqual({
      by: writers[written.indexOf(true)],
    });
    expect(await objects.store.putDocumentOnce('race/one.json', { by: 'late' })).toBe(false);
  });

  test('a document that may change is what was written last; one that never was is null', async () => {
    await objects.store.putDocument('some/pointer.json', { by: 'first' });
    await objects.store.putDocument('some/pointer.json', { by: 'second' });
    expect(await objects.store.getDocument('some/pointer.json', Document)).toEqual({ by: 'second' });
    expect(await objects.store.getDocument('some/nothing.json', Document)).toBeNull();
  });

  test('a damaged document is corrupt, and named', async () => {
    await objects.store.putDocument('some/damaged.json', { by: 'someone' });
    await writeFile(objects.documentFile('some/damaged.json'), '{"by":');
    const reading = objects.store.getDocument('some/damaged.json', Document);
    await expect(reading).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' });
    await expect(reading).rejects.toThrow('some/damaged.json');
  });

  test('more keys than one page holds are all listed, in order', async () => {
    // The files are the objects: quicker than a thousand and more requests.
    const names = Array.from(
      { length: 1203 },
      (_, number) => `pages/${String(number).padStart(5, '0')}.json`,
    );
    await mkdir(dirname(objects.documentFile('pages/one')), { recursive: true });
    await Promise.all(names.map((name) => writeFile(objects.documentFile(name), '{}')));
    expect(await objects.store.list('pages/')).toEqual(names);
    expect(await objects.store.list('no-such/')).toEqual([]);
  });
});

describe('a store that cannot be used says why', () => {
  const everything = (store: ObjectStore['store']): Promise<unknown[]> =>
    Promise.all(
      [
        store.prepare(),
        store.putBytes(fresh(10), 'small', MEDIA_TYPES.binary),
        store.putBytes(fresh(100_000), 'large', MEDIA_TYPES.binary),
        store.getBytes('0'.repeat(64)),
        store.getDocument('some.json', z.unknown()),
        store.list('some/'),
      ].map((work) => work.catch((error: unknown) => error)),
    );

  test('a wrong key is STORAGE_DENIED and names the variables to check, and never the key', async () => {
    const store = objects.open({ credentials: { accessKeyId: 'nobody', secretAccessKey: 'not-the-key' } });
    for (const error of await everything(store)) {
      expect(error).toMatchObject({ code: 'STORAGE_DENIED' });
      expect(String(error)).toContain('AWS_SECRET_ACCESS_KEY');
      expect(String(error)).not.toContain('not-the-key');
    }
  });

  test('a right name with a wrong secret is STORAGE_DENIED', async () => {
    const { accessKey } = JSON.parse(
      await readFile(join(dirname(objects.scratch), 'credentials.json'), 'utf8'),
    ) as { accessKey: string };
    const store = objects.open({ credentials: { accessKeyId: accessKey, secretAccessKey: 'wrong' } });
    for (const error of await everything(store)) expect(error).toMatchObject({ code: 'STORAGE_DENIED' });
  });

  test('one that does not answer is STORAGE_UNREACHABLE and names S3_ENDPOINT', async () => {
    const store = objects.open({ endpoint: `http://127.0.0.1:${await freePort()}` });
    for (const error of await everything(store)) {
      expect(error).toMatchObject({ code: 'STORAGE_UNREACHABLE' });
      expect(String(error)).toContain('S3_ENDPOINT');
    }
  });
});
