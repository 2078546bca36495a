import type { z } from 'zod';
import { nearestWord } from './nearestWord';
import { isMapping, type Path } from './specIssue';

type Schema = z.core.$ZodType;

/** The keys a schema of a mapping knows; null when it is no such schema. */
export function keysOf(schema: Schema | undefined): string[] | null {
  const known = schema && unwrap(schema);
  return known?._zod.def.type === 'object' ? Object.keys(known._zod.def.shape) : null;
}

/** The schema that judges what lies at a path of the data; where there are alternatives, the one most like the data. */
export function schemaAt(schema: Schema, path: Path, data: unknown): Schema | undefined {
  const known = resolve(schema, data);
  const [part, ...rest] = path;
  if (part === undefined || known === undefined) return known;
  const { def } = known._zod;
  if (def.type === 'object' && isMapping(data)) {
    const next = Object.hasOwn(def.shape, part) ? def.shape[part] : undefined;
    return next && schemaAt(next, rest, data[part]);
  }
  if (def.type === 'array' && Array.isArray(data)) return schemaAt(def.element, rest, data[Number(part)]);
  return undefined;
}

/**
 * Which alternative the data was meant to be: the one that knows most of its keys, near misses counting half.
 * @returns undefined when none or several are equally like it.
 */
export function bestOption(options: readonly Schema[], data: unknown): number | undefined {
  if (!isMapping(data)) return undefined;
  const likeness = options.map((option) => {
    const known = keysOf(option) ?? [];
    return Object.keys(data).reduce(
      (sum, key) => sum + (known.includes(key) ? 1 : nearestWord(key, known) ? 0.5 : 0),
      0,
    );
  });
  const best = Math.max(...likeness);
  const winners = likeness.flatMap((value, index) => (value === best ? [index] : []));
  return best > 0 && winners.length === 1 ? winners[0] : undefined;
}

/** Alternatives of a schema; null when it has none. */
export function optionsOf(schema: Schema | undefined): readonly Schema[] | null {
  const known = schema && unwrap(schema);
  return known?._zod.def.type === 'union' ? known._zod.def.options : null;
}

/** Steps from alternatives to the one that fits the data; a schema without alternatives is itself. */
function resolve(schema: Schema, data: unknown): z.core.$ZodTypes | undefined {
  const known = unwrap(schema);
  const { def } = known._zod;
  if (def.type !== 'union') return known;
  const index = 'discriminator' in def ? discriminated(def, data) : bestOption(def.options, data);
  const option = index === undefined ? undefined : def.options[index];
  return option ? resolve(option, data) : known;
}

function discriminated(def: z.core.$ZodUnionDef, data: unknown): number | undefined {
  const key = (def as z.core.$ZodDiscriminatedUnionDef).discriminator;
  if (!isMapping(data)) return undefined;
  const index = def.options.findIndex((option) => option._zod.propValues?.[key]?.has(data[key] as string));
  return index < 0 ? undefined : index;
}

/** Through what only adds a default or makes optional. */
function unwrap(schema: Schema): z.core.$ZodTypes {
  const known = schema as z.core.$ZodTypes;
  const { def } = known._zod;
  return 'innerType' in def ? unwrap(def.innerType) : known;
}
