export type Path = readonly (string | number)[];

/** One mistake in a campaign spec. */
export interface SpecIssue {
  /** Where, such as ['rounds', 0, 'filter', 'policy']. */
  path: Path;
  /** What is there, as text for a person. */
  found: string;
  expected: string;
  /** What was probably meant. */
  suggestion?: string;
  /** True when the key itself is the mistake, not its value. */
  unknownKey?: true;
  /** True when a mapping breaks a rule between its keys. */
  brokenRule?: true;
  /** What must be replaced before the rest can be checked, where that is more than the value itself. */
  undecided?: Path;
  /** What else the rule looked at: when one of these is itself a mistake, the rule cannot be judged. */
  related?: readonly Path[];
}

/** `rounds[0].filter.policy`; the whole file is the empty text. */
export const pathText = (path: Path): string =>
  path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`),
    '',
  );

export const startsWith = (path: Path, prefix: Path): boolean =>
  prefix.every((part, index) => path[index] === part);

/** What lies at a path of plain data; undefined when nothing does. */
export const valueAt = (data: unknown, path: Path): unknown =>
  path.reduce<unknown>((value, part) => {
    if (Array.isArray(value)) return typeof part === 'number' ? value[part] : undefined;
    return isMapping(value) && Object.hasOwn(value, part) ? value[part] : undefined;
  }, data);

export const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
