import type { SocialTask } from '../../schemas/profiles';
import type { Usage } from '../../schemas/modelCall';
import { type FindingSummary, type ImportFinding, summariseFindings } from './findings';
import type { GenerationPlan, GenerationState } from './generation';
import type { PoolCounts } from './keywords';
import type { RejectionReason } from './screening';
import type { ImportedPlacement, SplitDemand } from './splits';

const EXAMPLES_SHOWN = 3;

/** How a task set came about, for a person and for the audit. */
export interface TaskReport {
  /** Everything odd in the imported files, one by one. */
  findings: ImportFinding[];
  /** The same, grouped by file, kind and field. */
  findingSummary: FindingSummary[];
  splits: { name: string; wanted: number; imported: number; generated: number }[];
  imported: { read: number; placed: number; notNeeded: number; keptOut: number };
  generated: {
    wanted: number;
    accepted: number;
    /** Calls to the author, answered ones. */
    attempts: number;
    rounds: number;
    usage: Usage;
  };
  pools: (PoolCounts & { used: number })[];
  keywordsUsed: { pool: string; keyword: string; task: string }[];
  rejections: {
    reason: RejectionReason;
    count: number;
    examples: { slot: number; attempt: number; keyword: string; detail: string }[];
  }[];
  /** The most similar task of each generated one at the time it was accepted; null where none shared a trigram. */
  nearest: { task: string; nearest: string | null; similarity: number }[];
}

/** What a report is made of; the last three are there when tasks were generated. */
export interface ReportParts {
  findings: ImportFinding[];
  demands: readonly SplitDemand[];
  placement: ImportedPlacement;
  tasks: readonly SocialTask[];
  plan?: GenerationPlan;
  state?: GenerationState;
  counts: readonly PoolCounts[];
  usage: Usage;
}

export function reportTasks(parts: ReportParts): TaskReport {
  const { findings, demands, placement, tasks, plan, state, counts, usage } = parts;
  const poolName = (index: number) => plan?.pools[index]?.name ?? '';
  const accepted = state?.accepted ?? [];
  const of = (split: string, kind: SocialTask['provenance']['kind']) =>
    tasks.filter((task) => task.split === split && task.provenance.kind === kind).length;
  const { placed, left, keptOut } = placement;
  return {
    findings,
    findingSummary: summariseFindings(findings),
    splits: demands.map(({ name, tasks: wanted }) => ({
      name,
      wanted,
      imported: of(name, 'imported'),
      generated: of(name, 'generated'),
    })),
    imported: {
      read: placed.length + left.length + keptOut.length,
      placed: placed.length,
      notNeeded: left.length,
      keptOut: keptOut.length,
    },
    generated: {
      wanted: plan?.slots ?? 0,
      accepted: accepted.length,
      attempts: accepted.length + (state?.rejected.length ?? 0),
      rounds: state?.round ?? 0,
      usage,
    },
    pools: counts.map((pool, index) => ({
      ...pool,
      used: accepted.filter(({ attempt }) => attempt.pool === index).length,
    })),
    keywordsUsed: accepted.map(({ attempt, task }) => ({
      pool: poolName(attempt.pool),
      keyword: attempt.keyword,
      task: task.id,
    })),
    rejections: rejectionsOf(state),
    nearest: accepted.map(({ task, nearest }) => ({
      task: task.id,
      nearest: nearest?.id ?? null,
      similarity: nearest?.similarity ?? 0,
    })),
  };
}

/** Counts by reason, most frequent first, with the first examples. */
export function rejectionsOf(state: GenerationState | undefined): TaskReport['rejections'] {
  const groups = new Map<RejectionReason, TaskReport['rejections'][number]>();
  for (const { attempt, reason, detail } of state?.rejected ?? []) {
    const group = groups.get(reason) ?? { reason, count: 0, examples: [] };
    group.count += 1;
    const { slot, attempt: number, keyword } = attempt;
    if (group.examples.length < EXAMPLES_SHOWN)
      group.examples.push({ slot, attempt: number, keyword, detail });
    groups.set(reason, group);
  }
  return [...groups.values()].sort((a, b) => b.count - a.count);
}
