import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Bucket } from '../artifacts/bucket';
import { saveBlob } from '../audit/readBlob';
import { inParallel } from '../domain/inParallel';
import type { FolderFile } from '../formats/folder';
import { CommandError } from './commandError';

const WRITES_AT_ONCE = 16;

interface Written {
  /** What the folder holds: text of the file `mark`, by which a folder of the same kind is known. */
  mark: string;
  onFile?: (done: number, of: number) => void;
}

/**
 * Writes a folder whole or not at all. One that is there is replaced when it is of the same kind, and refused else.
 * Errors: CommandError; ARTIFACT_* of a blob.
 */
export async function writeFolder(
  bucket: Bucket,
  target: string,
  files: readonly FolderFile[],
  { mark, onFile }: Written,
): Promise<void> {
  const folder = resolve(target);
  if (existsSync(folder) && !existsSync(join(folder, mark))) {
    throw new CommandError(
      `${target} is there already and holds something else: there is no ${mark} in it. Name another folder by --out.`,
    );
  }
  const incoming = `${folder}.incoming-${process.pid}`;
  const aside = `${folder}.replaced-${process.pid}`;
  checkPaths(files);
  try {
    let done = 0;
    await inParallel(files, WRITES_AT_ONCE, async (file) => {
      const path = join(incoming, file.path);
      await mkdir(dirname(path), { recursive: true });
      await ('text' in file ? writeFile(path, file.text) : saveBlob(bucket, file.blob, path));
      onFile?.(++done, files.length);
    });
    // At each moment one of the two is there whole.
    if (existsSync(folder)) await rename(folder, aside);
    await rename(incoming, folder);
    await rm(aside, { recursive: true, force: true });
  } catch (error) {
    await rm(incoming, { recursive: true, force: true });
    throw error;
  }
}

/** A listing in a bucket may name what it likes: a place outside of the folder, or one that is taken. */
function checkPaths(files: readonly FolderFile[]): void {
  const taken = new Set<string>();
  for (const { path } of files) {
    const parts = path.split('/');
    if (parts.includes('..') || parts.includes('') || path.includes('\\') || path.includes('\0'))
      throw new CommandError(`A file of this name is not written: ${JSON.stringify(path)}. Nothing was.`);
    if (taken.has(path))
      throw new CommandError(`Two files are to be written as ${JSON.stringify(path)}. Nothing was.`);
    taken.add(path);
  }
}
