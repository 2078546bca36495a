import { AuthoredTask } from '../../schemas/profiles';
import type { Rejected } from './screening';

/** An answer is untrusted text; longer ones are not a task but a runaway model. */
const LONGEST_ANSWER = 100_000;

/**
 * Reads an author's answer: the first JSON object in it, with or without a code fence and talk around it. Written-out
 * numbers of the relationship and constraints given as lists are understood; exactly two goals are demanded.
 */
export function parseAuthored(text: string): { task: AuthoredTask } | { rejected: Rejected } {
  const found = firstObject(text.slice(0, LONGEST_ANSWER));
  if (found === undefined) return rejected('invalid-json', `no JSON object in: ${excerpt(text)}`);
  const goals = found['agent_goals'];
  if (Array.isArray(goals) && goals.length !== 2) {
    return rejected('not-two-goals', `found ${goals.length} goals`);
  }
  const parsed = AuthoredTask.safeParse(tidied(found));
  if (parsed.success) return { task: parsed.data };
  const issues = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'answer'}: ${issue.message}`);
  return rejected('wrong-schema', issues.join('; '));
}

const rejected = (reason: Rejected['reason'], detail: string) => ({ rejected: { reason, detail } });

const excerpt = (text: string) => JSON.stringify(text.length > 120 ? `${text.slice(0, 119)}…` : text);

function tidied(found: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const task: Record<string, unknown> = { ...found };
  for (const [field, value] of Object.entries(task)) {
    if (typeof value === 'string') task[field] = value.trim();
    if (field.endsWith('_constraint') && Array.isArray(value)) task[field] = JSON.stringify(value);
  }
  const relationship = task['relationship'];
  if (typeof relationship === 'string' && /^[0-5]$/.test(relationship)) {
    task['relationship'] = Number(relationship);
  }
  const goals = task['agent_goals'];
  if (Array.isArray(goals)) {
    task['agent_goals'] = goals.map((goal: unknown) => (typeof goal === 'string' ? goal.trim() : goal));
  }
  return task;
}

/** The first balanced `{…}` that is JSON. */
function firstObject(text: string): Record<string, unknown> | undefined {
  let tries = 0;
  for (let start = text.indexOf('{'); start >= 0 && tries < 20; start = text.indexOf('{', start + 1)) {
    tries += 1;
    const end = endOfObject(text, start);
    if (end === undefined) continue;
    try {
      return JSON.parse(text.slice(start, end)) as Record<string, unknown>;
    } catch {
      continue;
    }
  }
  return undefined;
}

/** Where the object that opens at `start` closes; braces in strings do not count. */
function endOfObject(text: string, start: number): number | undefined {
  let depth = 0;
  let inString = false;
  for (let i = start; i < text.length; i += 1) {
    const character = text[i];
    if (inString) {
      if (character === '\\') i += 1;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '{') depth += 1;
    else if (character === '}') {
      depth -= 1;
      if (depth === 0) return i + 1;
    }
  }
  return undefined;
}
