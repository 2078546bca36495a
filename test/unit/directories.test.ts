import { randomBytes } from 'node:crypto';
import { appendFile, mkdir, symlink, truncate, unlink, writeFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { canonicalJson, sha256 } from '../../artifacts/canonicalJson';
import { fetchDirectory, listDirectory, putDirectory } from '../../artifacts/directories';
import { LARGE_FILE_BYTES } from '../../artifacts/streams';
import { requireTool } from '../../deploy/local/tools';
import { MEDIA_TYPES } from '../../schemas/names';
import { type ObjectStore, startObjectStore } from '../support/objectStore';
import { codeOf } from '../support/storageCode';

let objects: ObjectStore;
beforeAll(async () => {
  objects = await startObjectStore();
});
afterAll(() => objects.stop());

/** Other bytes each time, so that tests do not find each other's blobs. */
const fresh = (bytes: number) => randomBytes(bytes);
const put = (bytes: Uint8Array) => objects.store.putBytes(bytes, 'some', MEDIA_TYPES.binary);

describe('folders', () => {
  async function folder(files: Record<string, string | Uint8Array>): Promise<string> {
    const path = join(objects.scratch, `folder-${randomBytes(4).toString('hex')}`);
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(path, name)), { recursive: true });
      await writeFile(join(path, name), content);
    }
    return path;
  }

  const FILES = {
    'config.json': '{"a":1}',
    'model.safetensors': fresh(100_000),
    'a-b': 'sorts before a/b and after a b',
    'a b': '',
    'a/b': 'deeper',
    'a/c/d': 'deepest',
    'Z.txt': 'capitals first',
    'ä.txt': 'not ASCII',
  };

  const trainersDigest = (path: string): string =>
    execFileSync(
      requireTool('trainerPython'),
      [
        '-c',
        'import sys; from pathlib import Path; from pi_trainer.digest import directory_digest; print(directory_digest(Path(sys.argv[1])))',
        path,
      ],
      { encoding: 'utf8', env: { PYTHONPATH: join(__dirname, '../../trainer/src') } },
    ).trim();

  test('go and come back as they were, under the digest that the trainer computes too', async () => {
    const path = await folder(FILES);
    const ref = await putDirectory(objects.store, path, 'policy');
    expect(ref.digest.sha256).toBe(trainersDigest(path));
    const back = await fetchDirectory(objects.store, ref, join(objects.scratch, 'cache'));
    expect(await listDirectory(back)).toEqual(await listDirectory(path));
    expect(trainersDigest(back)).toBe(ref.digest.sha256);
  });

  test('files that are links, as Hugging Face’s cache keeps them, are read like others', async () => {
    const blobs = await folder({ blob: 'weights' });
    const path = await folder({ 'config.json': '{}' });
    await symlink(join(blobs, 'blob'), join(path, 'model.safetensors'));
    await symlink(join(blobs, 'gone'), join(path, 'dangling'));
    const ref = await putDirectory(objects.store, path, 'policy');
    const { files } = await objects.store.getListing(ref);
    expect(files.map(({ name }) => name)).toEqual(['config.json', 'model.safetensors']);
    expect(ref.digest.sha256).toBe(trainersDigest(path));
  });

  test('fetched by many at once, there is one whole copy and nothing half-done beside it', async () => {
    const ref = await putDirectory(objects.store, await folder(FILES), 'policy');
    const cache = join(objects.scratch, 'shared-cache');
    const paths = await Promise.all(
      Array.from({ length: 6 }, () => fetchDirectory(objects.store, ref, cache)),
    );
    expect(new Set(paths).size).toBe(1);
    expect((await listDirectory(cache)).files).toHaveLength(Object.keys(FILES).length);
  });

  test('a fetch that fails leaves nothing behind, and works once the blob is back', async () => {
    const ref = await putDirectory(objects.store, await folder({ one: 'one', two: 'two' }), 'policy');
    const { files } = await objects.store.getListing(ref);
    const lost = objects.blobFile(files[1]?.sha256 ?? '');
    await unlink(lost);
    const cache = join(objects.scratch, 'broken-cache');
    expect(await codeOf(fetchDirectory(objects.store, ref, cache))).toBe('ARTIFACT_MISSING');
    expect((await listDirectory(cache)).files).toEqual([]);
    await put(Buffer.from('two'));
    await fetchDirectory(objects.store, ref, cache);
    expect((await listDirectory(cache)).files).toHaveLength(2);
  });

  test('a listing that points outside the folder writes nothing there', async () => {
    const { digest } = await put(Buffer.from('evil'));
    const listing = { files: [{ bytes: 4, name: '../outside', sha256: digest.sha256 }] };
    const ref = await objects.store.putJson(listing, 'policy', MEDIA_TYPES.directory);
    const cache = join(objects.scratch, 'guarded', 'cache');
    expect(await codeOf(fetchDirectory(objects.store, ref, cache))).toBe('ARTIFACT_CORRUPT');
    expect((await listDirectory(join(objects.scratch, 'guarded'))).files).toEqual([]);
  });

  test('files too large for memory are stored and fetched in parts, whole or not at all', async () => {
    const path = await folder({ 'config.json': '{}' });
    // Zeros that the disk does not hold, and an end that differs.
    const weights = join(path, 'model.safetensors');
    await writeFile(weights, '');
    await truncate(weights, LARGE_FILE_BYTES);
    await appendFile(weights, 'the last of it');
    const ref = await putDirectory(objects.store, path, 'policy');
    expect(ref.digest.sha256).toBe(sha256(canonicalJson(await listDirectory(path))));
    expect(await putDirectory(objects.store, path, 'policy')).toEqual(ref);

    const cache = join(objects.scratch, 'large-cache');
    const back = await fetchDirectory(objects.store, ref, cache);
    expect(await listDirectory(back)).toEqual(await listDirectory(path));

    const { files } = await objects.store.getListing(ref);
    const blob = objects.blobFile(files[1]?.sha256 ?? '');
    await appendFile(blob, 'more');
    const other = join(objects.scratch, 'other-cache');
    expect(await codeOf(fetchDirectory(objects.store, ref, other))).toBe('ARTIFACT_CORRUPT');
    await unlink(blob);
    expect(await codeOf(fetchDirectory(objects.store, ref, other))).toBe('ARTIFACT_MISSING');
    expect((await listDirectory(other)).files).toEqual([]);
  });
});
