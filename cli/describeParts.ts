import type { RuntimeRecord } from '../deploy/local/stateDirectory';

/** The parts of a local runtime, a line each: name, address, process, log. */
export function describeParts(record: RuntimeRecord): string {
  const rows = record.parts.map(({ name, address, process, log }) => [
    name,
    address ?? '',
    process === undefined ? 'run by somebody else' : `process ${process.pid}`,
    log ?? '',
  ]);
  const width = (column: number) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0));
  return rows
    .map((row) => `  ${row.map((cell, column) => cell.padEnd(width(column))).join('  ')}`.trimEnd())
    .join('\n');
}
