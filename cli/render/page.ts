import type { Page } from '../../audit/show/page';
import { inertLine } from './inert';
import { wrap } from './textTable';

const NARROWEST = 40;

/** A page as text: its facts beside their names, its sections indented below their titles. */
export function renderPage({ title, facts, sections }: Page, width: number): string {
  const widest = Math.min(20, Math.max(0, ...facts.map(([name]) => name.length)));
  return [
    inertLine(title),
    ...facts.flatMap(([name, value]) => beside(name, value, widest, width)),
    ...sections.flatMap((section) => [
      '',
      inertLine(section.title),
      ...section.lines.flatMap((line) => hanging(line, '  ', width)),
    ]),
  ].join('\n');
}

function beside(name: string, value: string, widest: number, width: number): string[] {
  const label = `  ${inertLine(name).padEnd(widest)}  `;
  const [first = '', ...rest] = wrap(inertLine(value), Math.max(NARROWEST, width - widest - 4));
  if (name.length > widest)
    return [label.trimEnd(), ...[first, ...rest].map((line) => `${' '.repeat(widest + 4)}${line}`)];
  return [`${label}${first}`, ...rest.map((line) => `${' '.repeat(widest + 4)}${line}`)];
}

function hanging(text: string, margin: string, width: number): string[] {
  const [first = '', ...rest] = wrap(inertLine(text), Math.max(NARROWEST, width - margin.length - 2));
  return [`${margin}${first}`, ...rest.map((line) => `${margin}  ${line}`)];
}
