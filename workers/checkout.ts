import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder that holds package.json, whether this file runs from its source or from dist. */
export function checkoutDirectory(from: string = __dirname): string {
  if (existsSync(join(from, 'package.json')) && existsSync(join(from, 'trainer'))) return from;
  const parent = dirname(from);
  if (parent === from) throw new Error('this file is not inside a checkout of pi-loop');
  return checkoutDirectory(parent);
}
