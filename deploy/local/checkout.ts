import { existsSync } from 'node:fs';
import path from 'node:path';

function findRoot(from: string): string {
  // dist holds a copy of package.json, but no lock.
  if (existsSync(path.join(from, 'package-lock.json'))) return from;
  const parent = path.dirname(from);
  if (parent === from) throw new Error(`no package-lock.json above ${__dirname}`);
  return findRoot(parent);
}

/** The checkout's folder, from the sources as from dist. */
export const CHECKOUT = findRoot(__dirname);

/** Absolute path of a built file. */
export const built = (relative: string): string => path.join(CHECKOUT, 'dist', relative);
