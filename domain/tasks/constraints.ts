import type { AgentProfile, PairConstraints } from '../../schemas/profiles';
import { type PythonValue, parsePythonLiteral } from './pythonLiteral';

const OLDEST = 150;
const NOTHING = new Set(['', 'none', 'nan', 'null', '[]', '()', 'any', 'n/a']);

/** A constraint as a file gives it: nothing, readable, or not to be understood. */
export type ConstraintReading<T> = { kind: 'none' } | { kind: 'read'; value: T } | { kind: 'unreadable' };

type Ages = NonNullable<PairConstraints['ages']>;
type Names = NonNullable<PairConstraints['occupations']>;

/** Reads Sotopia's `age_constraint`, such as `[(18, 70), (18, 70)]`; one range alone holds for both sides. */
export function readAges(found: unknown): ConstraintReading<Ages> {
  return readConstraint(found, (value) => {
    const first = ageRange(value);
    if (first !== undefined) return [first, first];
    const [left, right] = value.map((item) => (item === null ? ([0, OLDEST] as const) : ageRange(item)));
    return left && right && value.length === 2 ? [[...left], [...right]] : undefined;
  });
}

/** Reads Sotopia's `occupation_constraint` or `agent_constraint`, such as `[['nurse', 'doctor'], ['patient']]`. */
export function readNames(found: unknown): ConstraintReading<Names> {
  return readConstraint(found, (value) => {
    const [left, right] = value.map(namesOfSide);
    return left && right && value.length === 2 ? [left, right] : undefined;
  });
}

function readConstraint<T>(
  found: unknown,
  read: (value: PythonValue[]) => T | undefined,
): ConstraintReading<T> {
  if (found === undefined || found === null || (typeof found === 'number' && Number.isNaN(found))) {
    return { kind: 'none' };
  }
  const text = typeof found === 'string' ? found.trim() : JSON.stringify(found);
  if (NOTHING.has(text.toLowerCase())) return { kind: 'none' };
  const literal = parsePythonLiteral(text);
  const value = Array.isArray(literal) ? read(literal) : undefined;
  return value === undefined ? { kind: 'unreadable' } : { kind: 'read', value };
}

function ageRange(value: PythonValue): [number, number] | undefined {
  if (!Array.isArray(value) || value.length !== 2) return undefined;
  const [low, high] = value;
  if (typeof low !== 'number' || typeof high !== 'number') return undefined;
  const range: [number, number] = [Math.ceil(low), Math.min(OLDEST, Math.floor(high))];
  return range[0] >= 0 && range[0] <= range[1] ? range : undefined;
}

function namesOfSide(value: PythonValue): string[] | undefined {
  if (value === null) return [];
  const names = Array.isArray(value) ? value : [value];
  if (!names.every((name) => typeof name === 'string')) return undefined;
  return names.map((name) => name.trim()).filter((name) => !NOTHING.has(name.toLowerCase()));
}

/** Whether an agent may play a position. Ages are inclusive; occupations are compared without case. */
export function mayPlay(agent: AgentProfile, position: 0 | 1, constraints: PairConstraints): boolean {
  const ages = constraints.ages?.[position];
  if (ages && (agent.age < ages[0] || agent.age > ages[1])) return false;
  const agents = constraints.agents?.[position] ?? [];
  if (agents.length > 0 && !agents.includes(agent.id)) return false;
  const occupations = constraints.occupations?.[position] ?? [];
  const own = agent.occupation.toLowerCase();
  return occupations.length === 0 || occupations.some((occupation) => occupation.toLowerCase() === own);
}

/** Whether any two different agents may play a task together. */
export function anyoneMayPlay(agents: readonly AgentProfile[], constraints: PairConstraints): boolean {
  const [first, second] = ([0, 1] as const).map((position) =>
    agents.filter((agent) => mayPlay(agent, position, constraints)),
  );
  if (!first || !second || first.length === 0 || second.length === 0) return false;
  return first.length > 1 || second.length > 1 || first[0] !== second[0];
}

/** Constraints in Sotopia's own writing; "none" where there are none. */
export function formatConstraints(constraints: PairConstraints): {
  age_constraint: string;
  occupation_constraint: string;
  agent_constraint: string;
} {
  const ages = constraints.ages?.map(([low, high]) => `(${low}, ${high})`).join(', ');
  return {
    age_constraint: ages === undefined ? 'none' : `[${ages}]`,
    occupation_constraint:
      constraints.occupations === null ? 'none' : JSON.stringify(constraints.occupations),
    agent_constraint: constraints.agents === null ? 'none' : JSON.stringify(constraints.agents),
  };
}
