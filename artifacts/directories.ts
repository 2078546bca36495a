import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { ArtifactRef, DirectoryListing } from '../schemas/artifact';
import { MEDIA_TYPES } from '../schemas/names';
import type { ArtifactStore } from './artifactStore';
import { digestFile } from './streams';
import { StorageError } from './storageError';
import { inParallel } from '../domain/inParallel';

const TRANSFERS_AT_ONCE = 8;

/** The regular files of a folder, by name, with their digests. */
export async function listDirectory(directory: string): Promise<DirectoryListing> {
  const names = await fileNames(directory);
  const files = await inParallel(names, TRANSFERS_AT_ONCE, async (name) => {
    const path = join(directory, name);
    return { bytes: (await stat(path)).size, name, sha256: await digestFile(path) };
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
    const stored = await store.putFile(join(directory, fileName), fileName, MEDIA_TYPES.binary);
    return { bytes: stored.bytes, name: fileName, sha256: stored.digest.sha256 };
  });
  return store.putJson({ files } satisfies DirectoryListing, name, MEDIA_TYPES.directory);
}

/** Links to files count as files: a Hugging Face cache consists of them. */
async function fileNames(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = await inParallel(entries, TRANSFERS_AT_ONCE, async (entry) => {
    const path = join(entry.parentPath, entry.name);
    const isFile = entry.isFile() || (entry.isSymbolicLink() && (await isLinkToFile(path)));
    return isFile ? [relative(directory, path).split(sep).join('/')] : [];
  });
  return files.flat().sort();
}

const isLinkToFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (target) => target.isFile(),
    () => false,
  );

/** What folders can be brought from. */
export type FolderSource = Pick<ArtifactStore, 'getListing' | 'saveBlob'>;

/**
 * Brings a folder to this machine, verified, under `<cache>/<digest>`; a folder that is there is used as it is.
 * @param signal ends it between two files, with its reason
 * @returns its path
 */
export async function fetchDirectory(
  store: FolderSource,
  directory: Pick<ArtifactRef, 'digest'>,
  cache: string,
  signal?: AbortSignal,
): Promise<string> {
  const target = join(cache, directory.digest.sha256);
  if (await exists(target)) return target;
  const listing = await store.getListing(directory);
  await mkdir(cache, { recursive: true });
  const incoming = await mkdtemp(`${target}.incoming-`);
  try {
    await fetchFiles(store, listing, incoming, signal);
    await rename(incoming, target);
  } catch (error) {
    await rm(incoming, { recursive: true, force: true });
    // Somebody else may have brought it meanwhile.
    if (!(await exists(target))) throw error;
  }
  return target;
}

async function fetchFiles(
  store: FolderSource,
  { files }: DirectoryListing,
  directory: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  await inParallel(files, TRANSFERS_AT_ONCE, async (file) => {
    signal?.throwIfAborted();
    const path = join(directory, file.name);
    if (relative(directory, path).split(sep)[0] === '..') {
      throw new StorageError(
        'ARTIFACT_CORRUPT',
        `A folder's listing names "${file.name}", outside the folder; nothing is written there.`,
      );
    }
    await mkdir(dirname(path), { recursive: true });
    await store.saveBlob(file, path);
  });
}

const exists = (path: string): Promise<boolean> =>
  readdir(path).then(
    () => true,
    () => false,
  );
