import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { ArtifactRef, DirectoryListing } from '../schemas/artifact';
import { MEDIA_TYPES } from '../schemas/names';
import type { ArtifactStore } from './artifactStore';
import { eachConcurrently } from './eachConcurrently';

const TRANSFERS_AT_ONCE = 8;

/** Uploads the regular files of a folder as blobs, and their listing; the listing's digest names the folder. */
export async function putDirectory(
  store: ArtifactStore,
  directory: string,
  name: string,
): Promise<ArtifactRef> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files = await eachConcurrently(paths, TRANSFERS_AT_ONCE, async (path) => {
    const fileName = relative(directory, path).split(sep).join('/');
    const { digest, bytes } = await store.putBytes(await readFile(path), fileName, MEDIA_TYPES.binary);
    return { bytes, name: fileName, sha256: digest.sha256 };
  });
  const listing: DirectoryListing = { files: files.sort((a, b) => (a.name < b.name ? -1 : 1)) };
  return store.putJson(listing, name, MEDIA_TYPES.directory);
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
  await eachConcurrently(files, TRANSFERS_AT_ONCE, async (file) => {
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
