import type { LineageNode } from '../../audit/lineage/node';
import { inertLine } from './inert';
import { wrap } from './textTable';

const DIGEST = /^[0-9a-f]{64}$/;
const SHORT = 12;
/** Lines of one detail, such as a prompt. */
const MOST_LINES = 12;
const NARROWEST = 40;
/** Room for what stands before a line: its arrow, and the arm that leads to it. */
const INDENT = 4;

/** A lineage as a tree: a chain goes straight down, and only where it forks is it indented. */
export function renderLineage(root: LineageNode, direction: 'up' | 'down', width: number): string {
  return lines(root, '', direction === 'up' ? '↑ ' : '↓ ', width).join('\n');
}

function lines(one: LineageNode, margin: string, arrow: string, width: number): string[] {
  const [first, ...rest] = wrapped(`${titleOf(one)}${inertLine(one.text)}`, width - margin.length - INDENT);
  const own = [`${margin}${first}`, ...rest.map((line) => `${margin}    ${line}`)];
  const details = (one.details ?? []).flatMap((detail) => detailLines(detail, `${margin}    `, width));
  const [last, ...forks] = [...one.next].reverse();
  return [
    ...own,
    ...details,
    ...forks.reverse().flatMap((next) => indented(next, margin, arrow, width)),
    ...(last ? straight(last, margin, arrow, width) : []),
  ];
}

function straight(next: LineageNode, margin: string, arrow: string, width: number): string[] {
  const [first = '', ...rest] = lines(next, margin, arrow, width);
  return [`${margin}${arrow}${first.slice(margin.length)}`, ...rest];
}

function indented(next: LineageNode, margin: string, arrow: string, width: number): string[] {
  const inner = `${margin}│   `;
  const [first = '', ...rest] = lines(next, inner, arrow, width);
  return [`${margin}├─${arrow}${first.slice(inner.length)}`, ...rest];
}

const titleOf = ({ kind, id }: LineageNode): string =>
  `${kind}${id === null ? '' : ` ${DIGEST.test(id) ? id.slice(0, SHORT) : inertLine(id)}`} · `;

function detailLines(detail: string, margin: string, width: number): string[] {
  const all = detail.split('\n').flatMap((line) => wrapped(inertLine(line), width - margin.length - 2));
  const shown =
    all.length > MOST_LINES
      ? [...all.slice(0, MOST_LINES - 1), `… ${all.length - MOST_LINES + 1} more lines; --json has all`]
      : all;
  return shown.map((line, index) => `${margin}${index === 0 ? '' : '  '}${line}`);
}

const wrapped = (text: string, width: number): string[] => wrap(text, Math.max(NARROWEST, width));
