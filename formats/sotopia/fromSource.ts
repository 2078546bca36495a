import type { z } from 'zod';
import type { SourceLine } from '../../domain/tasks/jsonLines';

/** A field of an imported line that is not written as it stood there. */
export interface Normalised {
  file: string;
  line: number;
  field: string;
  from: unknown;
  to: unknown;
}

/**
 * An imported line as it is given back: every field of it, in its order. A value that Sotopia's models would not take is
 * written as it was read; what their records have under another name is added.
 * @param ours the record of what was read
 * @param required fields that are added where the line has none: ids under both their names
 */
export function recordFromSource(
  { file, line, record }: SourceLine,
  ours: Readonly<Record<string, unknown>>,
  schema: z.ZodObject,
  required: readonly string[],
  normalised: Normalised[],
): Record<string, unknown> {
  const written: Record<string, unknown> = {};
  for (const [field, from] of Object.entries(record)) {
    const type: z.ZodType | undefined = schema.shape[field];
    const isTaken = type === undefined || type.safeParse(from).success;
    const to = isTaken ? from : ours[field];
    if (!isTaken) normalised.push({ file, line, field, from, to });
    written[field] = to;
  }
  for (const field of required) written[field] ??= ours[field];
  return written;
}
