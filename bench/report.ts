import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CHECKOUT } from '../deploy/local/checkout';

/** Writes a bench's document to bench/results; prints it too, unless there is a text for people. */
export async function report(name: string, document: object, text?: string): Promise<void> {
  const json = JSON.stringify(document, null, 2);
  const folder = join(CHECKOUT, 'bench', 'results');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${name}.json`), `${json}\n`);
  console.log(text ?? json);
}

/** Progress, apart from the document. */
export const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** Rows of cells, padded to columns; the first column to the left, numbers to the right. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, column) => Math.max(cell.length, widest[column] ?? 0)),
    [],
  );
  return rows
    .map((row) => row.map((cell, column) => pad(cell, widths[column] ?? 0, column === 0)).join('  '))
    .join('\n');
}

const pad = (cell: string, width: number, left: boolean): string =>
  left ? cell.padEnd(width) : cell.padStart(width);
