import { sha256 } from '../artifacts/canonicalJson';

/** A file of a folder that is to be written: text of its own, or a blob of the bucket. */
export type FolderFile = { path: string } & ({ text: string } | { blob: string });

/** SHA-256 of a file's bytes. */
export const digestOf = (file: FolderFile): string => ('blob' in file ? file.blob : sha256(file.text));

/** As `sha256sum` writes it, and checks it by `sha256sum -c`. */
export const checksums = (files: readonly FolderFile[]): string =>
  sorted(files)
    .map((file) => `${digestOf(file)}  ${file.path}\n`)
    .join('');

/** By path, in the order of code units. */
export const sorted = <T extends { path: string }>(files: readonly T[]): T[] =>
  [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
