import { dirname, join, relative, sep } from 'node:path';
import { type Files, SimulatedProcess } from '../simulatedProcess';

/** Stands for node:fs/promises as far as activities use it: the disk of the simulated machine, where nothing takes time. */
function disk(): Files {
  const process = SimulatedProcess.current;
  if (!process) throw new Error('nobody in the simulated world asks for files');
  return process.files;
}

const missing = (path: string): Error =>
  Object.assign(new Error(`ENOENT: no such file or directory, '${path}'`), {
    code: 'ENOENT',
    syscall: 'open',
    path,
  });

const below = (files: Files, directory: string): string[] =>
  [...files.keys()].filter((path) => path.startsWith(`${directory}${sep}`));

export async function mkdir(path: string): Promise<void> {
  for (let folder = path; folder !== dirname(folder); folder = dirname(folder)) disk().set(folder, null);
}

export async function mkdtemp(prefix: string): Promise<string> {
  const path = `${prefix}${disk().size}`;
  await mkdir(path);
  return path;
}

export async function writeFile(path: string, content: string | Uint8Array): Promise<void> {
  disk().set(path, Buffer.from(content));
}

export async function readFile(path: string, encoding?: 'utf8'): Promise<Buffer | string> {
  const bytes = disk().get(path);
  if (!bytes) throw missing(path);
  return encoding ? bytes.toString(encoding) : bytes;
}

export async function stat(path: string) {
  if (!disk().has(path)) throw missing(path);
  return { isFile: () => disk().get(path) !== null };
}

export async function readdir(directory: string) {
  const files = disk();
  if (!files.has(directory)) throw missing(directory);
  return below(files, directory).map((path) => ({
    name: relative(dirname(path), path),
    parentPath: dirname(path),
    isFile: () => files.get(path) !== null,
    isSymbolicLink: () => false,
  }));
}

export async function rename(from: string, to: string): Promise<void> {
  const files = disk();
  if (!files.has(from)) throw missing(from);
  for (const path of [from, ...below(files, from)]) {
    files.set(join(to, relative(from, path)), files.get(path) ?? null);
    files.delete(path);
  }
}

export async function rm(path: string): Promise<void> {
  const files = disk();
  for (const one of [path, ...below(files, path)]) files.delete(one);
}
