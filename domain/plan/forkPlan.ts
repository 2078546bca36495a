import { type Plan, type Stage, STAGE_PARAMETERS } from '../../schemas/plan';
import { readSchemaIssues } from '../campaign/readSchemaIssues';
import { isMapping, type Path, pathText, valueAt } from '../campaign/specIssue';
import { nearestWord } from '../campaign/nearestWord';
import { comparePlans } from './comparePlans';

/** A parameter to be given another value. */
export interface Setting {
  path: Path;
  value: unknown;
}

/** Why a plan cannot be forked so, in words for a person. */
export class ForkError extends Error {
  override readonly name = 'ForkError';
}

/**
 * The plan with other parameters of one stage; all else stays as it is.
 * Errors: ForkError for a stage or a path that is not there, and for values that the stage's schema refuses.
 */
export function withSettings(plan: Plan, at: string, settings: readonly Setting[]): Plan {
  const stage = stageOf(plan, at);
  const parameters = settings.reduce((all, setting) => replaced(all, setting, stage), stage.parameters);
  const schema = STAGE_PARAMETERS[stage.kind];
  const parsed = schema.safeParse(parameters);
  if (!parsed.success) {
    const issues = readSchemaIssues(schema, parameters, parsed.error.issues).map(
      ({ path, found, expected }) => `${pathText(path)}: found ${found}, expected ${expected}`,
    );
    throw new ForkError(
      `Stage "${at}" cannot have these parameters:\n  ${issues.join('\n  ')}\n${offer(stage)}`,
    );
  }
  const changed = { ...stage, parameters: parsed.data };
  return { ...plan, stages: plan.stages.map((one) => (one === stage ? changed : one)) };
}

/**
 * Refuses a fork that changes what comes before the stage that it is to begin at.
 * Errors: ForkError, also when nothing differs.
 */
export function assertForksAt(parent: Plan, fork: Plan, at: string): void {
  const order = fork.stages.map(({ id }) => id);
  stageOf(fork, at);
  const old = new Set(parent.stages.map(({ id }) => id));
  const { redefined } = comparePlans(parent, fork);
  const changed = [...redefined, ...order.filter((id) => !old.has(id))];
  if (changed.length === 0)
    throw new ForkError('Nothing that decides a result differs from the parent: there is nothing to fork.');
  const before = changed.filter((id) => order.includes(id) && order.indexOf(id) < order.indexOf(at));
  const [first] = before;
  if (first !== undefined)
    throw new ForkError(
      `This changes ${before.join(', ')}, before "${at}". Fork at "${first}" if that is meant.`,
    );
}

function stageOf(plan: Plan, id: string): Stage {
  const stage = plan.stages.find((one) => one.id === id);
  if (stage) return stage;
  const ids = plan.stages.map((one) => one.id);
  const near = nearestWord(id, ids);
  const meant = near === undefined ? '' : ` Did you mean "${near}"?`;
  throw new ForkError(`The plan has no stage "${id}".${meant} It has ${ids.join(', ')}.`);
}

function replaced(parameters: unknown, { path, value }: Setting, stage: Stage): unknown {
  const within = path.slice(0, -1);
  const last = path.at(-1);
  const holder = valueAt(parameters, within);
  const isThere = Array.isArray(holder)
    ? typeof last === 'number' && last < holder.length
    : isMapping(holder);
  if (last === undefined || !isThere)
    throw new ForkError(`Stage "${stage.id}" has no parameter ${pathText(path)}.\n${offer(stage)}`);
  return assign(parameters, path, value);
}

function assign(data: unknown, [part, ...rest]: Path, value: unknown): unknown {
  if (part === undefined) return value;
  if (Array.isArray(data))
    return data.map((item, index) => (index === part ? assign(item, rest, value) : item));
  const members = isMapping(data) ? data : {};
  return { ...members, [part]: assign(members[part], rest, value) };
}

const offer = (stage: Stage): string =>
  [
    `Parameters of ${stage.id} and their present values:`,
    ...leavesOf(stage.parameters).map(({ path, value }) => `  ${pathText(path)}=${JSON.stringify(value)}`),
  ].join('\n');

function leavesOf(value: unknown, path: Path = []): Setting[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => leavesOf(item, [...path, index]));
  if (isMapping(value)) return Object.entries(value).flatMap(([key, item]) => leavesOf(item, [...path, key]));
  return [{ path, value }];
}
