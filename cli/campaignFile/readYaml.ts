import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isSeq,
  LineCounter,
  parseDocument,
  type Node,
  type Pair,
  visit,
} from 'yaml';
import type { Path } from '../../domain/campaign';
import type { CampaignFileIssue } from './campaignFileError';

type Place = { line: number; column: number };

export interface YamlSource {
  /** The file as plain data, as far as it could be read. */
  data: unknown;
  /** What is wrong with the YAML itself. */
  issues: CampaignFileIssue[];
  /** True when parts of the file may have been misread because of it. */
  broken: boolean;
  /** Where a key or value stands; where it is missing, what should hold it. */
  placeOf(path: Path, what: 'key' | 'value'): Place;
}

/** Reads YAML 1.2 and keeps its line numbers. */
export function readYaml(text: string): YamlSource {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true });
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const faults = document.errors.map(({ code, message, pos }) => ({ code, message, place: at(pos[0]) }));
  for (const { message, offset } of cutUnknownAliases(document)) {
    faults.push({ code: 'BAD_ALIAS', message, place: at(offset) });
  }
  const { data, fault } = plainData(document);
  if (fault !== null) faults.push({ code: 'BAD_ALIAS', message: fault, place: at(0) });
  return {
    data,
    issues: faults.map(({ message, place }) => ({
      ...place,
      path: '',
      found: yamlFault(message),
      expected: 'YAML 1.2',
    })),
    broken: faults.some(({ code }) => code !== 'DUPLICATE_KEY'),
    placeOf: (path, what) => at(offsetOf(document, path, what)),
  };
}

const yamlFault = (message: string): string => `what cannot be read (${message.replace(/[.\s]+$/, '')})`;

/** Puts nothing where an alias names no anchor, so that the rest can be read. */
function cutUnknownAliases(document: Document): { message: string; offset: number }[] {
  const unknown: { message: string; offset: number }[] = [];
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document)) return undefined;
      const message = `the alias *${alias.source} has no anchor &${alias.source} before it`;
      unknown.push({ message, offset: alias.range?.[0] ?? 0 });
      return document.createNode({});
    },
  });
  return unknown;
}

function plainData(document: Document): { data: unknown; fault: string | null } {
  try {
    const data: unknown = document.toJS();
    // A part that contains itself has no end.
    JSON.stringify(data);
    return { data, fault: null };
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    return { data: null, fault: reason.includes('circular') ? 'a part contains itself by an alias' : reason };
  }
}

function offsetOf(document: Document, path: Path, what: 'key' | 'value'): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const [depth, part] of path.entries()) {
    const holder: unknown = isAlias(node) ? node.resolve(document) : node;
    const last = depth === path.length - 1;
    if (isMap(holder)) {
      const pair = holder.items.find(({ key }) => String(key) === String(part)) as Pair | undefined;
      if (!pair) return offset;
      offset = (last && what === 'value' ? startOf(pair.value) : null) ?? startOf(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(holder)) {
      node = holder.items[Number(part)];
      offset = startOf(node) ?? offset;
    } else return offset;
  }
  return offset;
}

/** Null for an empty value, which stands nowhere. */
function startOf(node: unknown): number | null {
  if (!isNode(node)) return null;
  const [start, end] = (node as Node).range ?? [0, 0];
  return start === end ? null : start;
}
