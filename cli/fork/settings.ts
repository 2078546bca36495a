import { InvalidArgumentError } from 'commander';
import { parse } from 'yaml';
import type { Setting } from '../../domain/plan/forkPlan';

/** Reads `filter.share=0.5` or `splits[0].tasks=8`; values as YAML has them. */
export function parseSetting(text: string, before: readonly Setting[] = []): Setting[] {
  const [, path = '', value = ''] = /^([A-Za-z_][\w.[\]]*)=(.*)$/s.exec(text) ?? [];
  if (path === '') throw new InvalidArgumentError('expected path=value, such as filter.share=0.5');
  const parts = path.replace(/\[(\d+)\]/g, '.#$1').split('.');
  if (parts.some((part) => !/^(?:#\d+|\w+)$/.test(part)))
    throw new InvalidArgumentError(`"${path}" is no path`);
  return [
    ...before,
    {
      path: parts.map((part) => (part.startsWith('#') ? Number(part.slice(1)) : part)),
      value: valueOf(value),
    },
  ];
}

function valueOf(text: string): unknown {
  try {
    return parse(text);
  } catch {
    throw new InvalidArgumentError(`the value ${JSON.stringify(text)} cannot be read as YAML`);
  }
}
