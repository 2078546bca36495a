import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { ArtifactRef, DirectoryListing } from '../schemas/artifact';
import { MEDIA_TYPES } from '../schemas/names';
import type { ArtifactStore } from './artifactStore';
import { sha256 } from './canonicalJson';
import { inParallel } from '../domain/inParallel';

const TRANSFERS_AT_ONCE = 8;

/** The regular files of a folder, by name, with their digests. */
export async function listDirectory(directory: string): Promise<DirectoryListing> {
  const names = await fileNames(directory);
  const files = await inParallel(names, TRANSFERS_AT_ONCE, async (name) => {
    const bytes = await readFile(join(directory, name));
    return { bytes: bytes.byteLength, name, sha256: sha256(bytes) };
  });
  return { files };
}

/** Uploads the regular files of a folder as blobs, and their listing; the listing's digest names the folder. */
export async function putDirectory(
  store: ArtifactStore,
  directory: string,
  name: string,
): Promise<ArtifactRef> {
  const names = await fileNames(directory);
  const files = await inParallel(names, TRANSFERS_AT_ONCE, async (fileName) => {
    const stored = await store.putBytes(
      await readFile(join(directory, fileName)),
      fileName,
      MEDIA_TYPES.binary,
    );
    return { bytes: stored.bytes, name: fileName, sha256: stored.digest.sha256 };
  });
  return store.putJson({ files } satisfies DirectoryListing, name, MEDIA_TYPES.directory);
}

async function fileNames(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

/**
 * Brings a folder to this machine, verified, under `<cache>/<digest>`; a folder that is there is used as it is.
 * @returns its path
 */
export async function fetchDirectory(
  store: ArtifactStore,
  directory: ArtifactRef,
  cache: string,
): Promise<string> {
  const target = join(cache, directory.digest.sha256);
  if (await exists(target)) return target;
  const incoming = `${target}.${process.pid}.${Date.now()}.incoming`;
  const { files } = await store.getListing(directory);
  await inParallel(files, TRANSFERS_AT_ONCE, async (file) => {
    const path = join(incoming, file.name);
    if (relative(incoming, path).startsWith('..'))
      throw new Error(`refusing to write outside the folder: ${file.name}`);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, await store.getBytes(file.sha256));
  });
  await rename(incoming, target).catch(async (error: unknown) => {
    await rm(incoming, { recursive: true, force: true });
    if (!(await exists(target))) throw error;
  });
  return target;
}

const exists = (path: string): Promise<boolean> =>
  readdir(path).then(
    () => true,
    () => false,
  );
