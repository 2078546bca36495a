import { createHash } from 'node:crypto';
import type { AgentProfile, AuthoredTask, SocialTask } from '../../schemas/profiles';
import { seedOf } from '../random';
import { constraintsOf } from './authoredConstraints';
import type { UnplacedTask } from './importEnvironments';
import type { AuthorAnswer } from './journal';
import type { KeywordPool } from './keywords';
import { parseAuthored } from './parseAuthored';
import { type Rejected, TaskScreen } from './screening';
import type { Neighbour } from './similarity';

/** A keyword whose task was rejected goes back to the end of its pool, this many times in all. */
const TRIES_PER_KEYWORD = 3;

/** All that decides a generation besides the author's answers. */
export interface GenerationPlan {
  /** Tasks wanted: one slot each. */
  slots: number;
  pools: readonly KeywordPool[];
  examples: readonly UnplacedTask[];
  attemptsPerTask: number;
  maxSimilarity: number;
  /** Tasks that no new one may resemble. */
  others: readonly Pick<SocialTask, 'id' | 'scenario' | 'goals'>[];
  agents: readonly AgentProfile[];
  /** The author's name, for provenance. */
  model: string;
  seed: number;
}

/** One prompt to the author: the keyword, the example and the seed follow from slot and attempt alone. */
export interface Attempt {
  slot: number;
  /** Counted from 0. */
  attempt: number;
  /** Index into the plan's pools. */
  pool: number;
  keyword: string;
  /** Index into the plan's examples. */
  example: number;
  seed: number;
}

export interface AcceptedTask {
  attempt: Attempt;
  task: UnplacedTask;
  nearest: Neighbour | null;
}

export interface RejectedAttempt extends Rejected {
  attempt: Attempt;
}

/** State between two rounds of attempts; plain JSON. */
export interface GenerationState {
  /** Attempts made so far for each open slot. */
  round: number;
  /** Slots without a task, ascending. */
  open: number[];
  /** Free keywords of each pool, next first. */
  queues: string[][];
  /** How often a keyword's task was rejected. */
  failures: [keyword: string, times: number][];
  accepted: AcceptedTask[];
  rejected: RejectedAttempt[];
}

export function startGeneration(plan: GenerationPlan): GenerationState {
  return {
    round: 0,
    open: Array.from({ length: plan.slots }, (_, slot) => slot),
    queues: plan.pools.map((pool) => [...pool.keywords]),
    failures: [],
    accepted: [],
    rejected: [],
  };
}

/**
 * The next round: one attempt for each open slot, decided by the state alone, so that it does not matter in what
 * order or how many at once they are made. Slot i draws from pool i mod number of pools, and from the next pool with
 * keywords when that one is empty. No attempts: all slots are filled, or attempts or keywords are used up.
 */
export function attemptsOf(plan: GenerationPlan, state: GenerationState): Attempt[] {
  if (state.round >= plan.attemptsPerTask) return [];
  const drawn = plan.pools.map(() => 0);
  const attempts: Attempt[] = [];
  for (const slot of state.open) {
    const drawing = draw(plan, state, slot, drawn);
    if (drawing === undefined) break;
    const seed = seedOf(plan.seed, 'author', slot, state.round);
    const example = seedOf(seed, 'example') % plan.examples.length;
    attempts.push({ slot, attempt: state.round, ...drawing, example, seed });
  }
  return attempts;
}

function draw(plan: GenerationPlan, state: GenerationState, slot: number, drawn: number[]) {
  for (let turn = 0; turn < plan.pools.length; turn += 1) {
    const index = (slot + turn) % plan.pools.length;
    const keyword = state.queues[index]?.[drawn[index] ?? 0];
    if (keyword === undefined) continue;
    drawn[index] = (drawn[index] ?? 0) + 1;
    return { pool: index, keyword };
  }
  return undefined;
}

/**
 * Judges a round's answers in the order of their slots: accepted tasks use up their keyword, rejected ones release it
 * to the end of its pool until it has failed three times.
 * @param answers one for each of `attemptsOf(plan, state)`, in the same order.
 */
export function settle(
  plan: GenerationPlan,
  state: GenerationState,
  answers: readonly AuthorAnswer[],
): GenerationState {
  const attempts = attemptsOf(plan, state);
  const screen = new TaskScreen(plan.agents, plan.maxSimilarity);
  for (const task of plan.others) screen.add(task);
  for (const { task } of state.accepted) screen.add(task);

  const accepted: AcceptedTask[] = [];
  const rejected: RejectedAttempt[] = [];
  for (const [index, attempt] of attempts.entries()) {
    const answer = answers[index];
    if (answer === undefined) throw new RangeError(`no answer for slot ${attempt.slot}`);
    const outcome = judge(plan, screen, attempt, answer);
    if ('reason' in outcome) rejected.push(outcome);
    else accepted.push(outcome);
  }
  const filled = new Set(accepted.map(({ attempt }) => attempt.slot));
  return {
    round: state.round + 1,
    open: state.open.filter((slot) => !filled.has(slot)),
    ...releaseKeywords(state, attempts, rejected),
    accepted: [...state.accepted, ...accepted],
    rejected: [...state.rejected, ...rejected],
  };
}

function judge(
  plan: GenerationPlan,
  screen: TaskScreen,
  attempt: Attempt,
  answer: AuthorAnswer,
): AcceptedTask | RejectedAttempt {
  const parsed = parseAuthored(answer.text);
  if ('rejected' in parsed) return { attempt, ...parsed.rejected };
  const screening = screen.screen(parsed.task);
  if (!screening.accepted) return { attempt, reason: screening.reason, detail: screening.detail };
  const task = taskFrom(plan, parsed.task, attempt, answer);
  screen.add(task);
  return { attempt, task, nearest: screening.nearest };
}

function taskFrom(
  plan: GenerationPlan,
  authored: AuthoredTask,
  attempt: Attempt,
  answer: AuthorAnswer,
): UnplacedTask {
  const constraints = constraintsOf(authored);
  if ('unreadable' in constraints) throw new Error(`screened task with an unreadable constraint`);
  const pool = plan.pools[attempt.pool]?.name ?? '';
  const content = [authored.scenario, authored.agent_goals, authored.relationship, constraints];
  const digest = createHash('sha256').update(JSON.stringify(content)).digest('hex');
  return {
    id: `task-${digest.slice(0, 16)}`,
    codename: authored.codename,
    source: pool,
    scenario: authored.scenario,
    goals: authored.agent_goals,
    relationship: authored.relationship,
    constraints,
    tags: [],
    provenance: {
      kind: 'generated',
      model: plan.model,
      snapshot: answer.snapshot,
      keyword: attempt.keyword,
      pool,
      attempt: attempt.attempt,
      promptDigest: answer.promptDigest,
    },
  };
}

function releaseKeywords(
  state: GenerationState,
  attempts: readonly Attempt[],
  rejected: readonly RejectedAttempt[],
): Pick<GenerationState, 'queues' | 'failures'> {
  const failures = new Map(state.failures);
  const released: Attempt[] = [];
  for (const { attempt } of rejected) {
    const times = (failures.get(attempt.keyword) ?? 0) + 1;
    failures.set(attempt.keyword, times);
    if (times < TRIES_PER_KEYWORD) released.push(attempt);
  }
  const queues = state.queues.map((queue, pool) => [
    ...queue.slice(attempts.filter((attempt) => attempt.pool === pool).length),
    ...released.filter((attempt) => attempt.pool === pool).map(({ keyword }) => keyword),
  ]);
  return { queues, failures: [...failures] };
}
