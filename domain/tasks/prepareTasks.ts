import type { Usage } from '../../schemas/modelCall';
import type { ParametersOf } from '../../schemas/plan';
import type { SocialTask, TaskSet } from '../../schemas/profiles';
import { askAuthor, NO_USAGE, type Preparation } from './askAuthor';
import type { ImportFinding } from './findings';
import type { GenerationPlan, GenerationState } from './generation';
import { importEnvironments } from './importEnvironments';
import { type ImportedProfiles, importProfiles } from './importProfiles';
import { type PoolCounts, prepareKeywords } from './keywords';
import {
  assertDisjoint,
  type ImportedPlacement,
  placeGenerated,
  placeImported,
  type SplitDemand,
} from './splits';
import { generationExhausted, importedTooFew, nothingReadable, type TaskFailure } from './taskFailure';
import { reportTasks, type TaskReport } from './taskReport';

type Parameters = ParametersOf<'prepareTasks'>;

/** The contents of the files that the parameters name, in the same places. */
export interface TaskTexts {
  agents: string;
  relationships: string | null;
  generate: { pools: string[]; examples: string; excludeKeywords: string | null } | null;
  import: { environments: string; pairs: string | null } | null;
}

export type PreparedTasks =
  | { ok: true; taskSet: TaskSet; report: TaskReport }
  | { ok: false; failure: TaskFailure; report: TaskReport };

/**
 * Makes a campaign's task set: imports profiles, gives imported tasks to the splits, has the author write what is
 * missing, screens it, and checks that the splits are disjoint. The same parameters, texts and answers give the same
 * result, whatever the concurrency and however often it was interrupted.
 */
export async function prepareTasks(
  parameters: Parameters,
  texts: TaskTexts,
  preparation: Preparation,
): Promise<PreparedTasks> {
  const { splits, seed } = parameters;
  const maxSimilarity = parameters.generate?.maxSimilarity ?? DEFAULT_MAX_SIMILARITY;
  const profiles = importProfiles(profileFiles(parameters, texts));
  const use = parameters.import?.use ?? 'both';
  const placement = placeImported(splits, profiles.environments, use, maxSimilarity, seed);

  const written = await writeMissing(parameters, texts, profiles, placement, preparation);
  const tasks = inOrderOf(splits, [...placement.placed, ...written.tasks]);
  const findings = [...profiles.findings, ...unusedFindings(placement), ...written.findings];
  const report = reportTasks({ ...written, demands: splits, placement, findings, tasks });
  if (written.failure !== undefined) return { ok: false, failure: written.failure, report };
  assertDisjoint(tasks, splits, maxSimilarity);
  return { ok: true, taskSet: taskSetOf(tasks, profiles), report };
}

/** What the author contributed; without a plan and a state when it was not asked. */
interface Written {
  tasks: SocialTask[];
  findings: ImportFinding[];
  counts: PoolCounts[];
  usage: Usage;
  plan?: GenerationPlan;
  state?: GenerationState;
  failure?: TaskFailure;
}

const NOTHING_WRITTEN: Written = { tasks: [], findings: [], counts: [], usage: NO_USAGE };

async function writeMissing(
  parameters: Parameters,
  texts: TaskTexts,
  profiles: ImportedProfiles,
  placement: ImportedPlacement,
  preparation: Preparation,
): Promise<Written> {
  const { missing } = placement;
  const slots = missing.reduce((sum, { tasks }) => sum + tasks, 0);
  const found = profiles.agents.length;
  if (found < 2) {
    return { ...NOTHING_WRITTEN, failure: nothingReadable(parameters.agents.name, 'agents', 2, found) };
  }
  if (slots === 0) return NOTHING_WRITTEN;
  const planned = planGeneration(parameters, texts, profiles, slots);
  if (planned === undefined) return { ...NOTHING_WRITTEN, failure: importedTooFew(missing, placement) };
  const { plan, examplesFile } = planned;
  if (plan.examples.length === 0) {
    return { ...NOTHING_WRITTEN, ...planned, failure: nothingReadable(examplesFile, 'example tasks', 1, 0) };
  }
  const { state, usage } = await askAuthor(plan, preparation);
  const bySlot = [...state.accepted].sort((a, b) => a.attempt.slot - b.attempt.slot);
  const tasks = placeGenerated(
    missing,
    bySlot.map(({ task }) => task),
  );
  const failure = state.open.length > 0 ? { failure: generationExhausted(plan, state, missing) } : {};
  return { ...planned, state, usage, tasks, ...failure };
}

const inOrderOf = (splits: readonly SplitDemand[], tasks: readonly SocialTask[]): SocialTask[] =>
  splits.flatMap(({ name }) => tasks.filter((task) => task.split === name));

/** Where only imported tasks are used, there is no setting for it. The same as the campaign file's default. */
const DEFAULT_MAX_SIMILARITY = 0.8;

function profileFiles(parameters: Parameters, texts: TaskTexts) {
  const { agents, relationships, import: imported } = parameters;
  return {
    agents: { name: agents.name, text: texts.agents },
    ...(relationships && { relationships: { name: relationships.name, text: texts.relationships ?? '' } }),
    ...(imported && {
      environments: { name: imported.environments.name, text: texts.import?.environments ?? '' },
    }),
    ...(imported?.pairs && { pairs: { name: imported.pairs.name, text: texts.import?.pairs ?? '' } }),
  };
}

function unusedFindings({ left, keptOut }: ImportedPlacement): ImportFinding[] {
  const finding = (task: ImportedPlacement['left'][number]) => ({
    file: task.provenance.kind === 'imported' ? task.provenance.file : '',
    line: task.provenance.kind === 'imported' ? task.provenance.line : 0,
    field: 'env_id',
    found: task.id,
  });
  return [
    ...left.map((task) => ({
      ...finding(task),
      severity: 'warning' as const,
      kind: 'not-used' as const,
      did: 'left over: no split that `use` allows needed it',
    })),
    ...keptOut.map(({ task, neighbour }) => ({
      ...finding(task),
      severity: 'warning' as const,
      kind: 'near-duplicate' as const,
      did: `kept out: task ${neighbour.id} on the other side of training and evaluation resembles it (${neighbour.similarity.toFixed(3)})`,
    })),
  ];
}

function planGeneration(
  parameters: Parameters,
  texts: TaskTexts,
  profiles: ImportedProfiles,
  slots: number,
):
  | { plan: GenerationPlan; counts: PoolCounts[]; findings: ImportFinding[]; examplesFile: string }
  | undefined {
  const { generate, seed } = parameters;
  if (generate === null || texts.generate === null) return undefined;
  const files = generate.pools.map(({ name }, index) => ({ name, text: texts.generate?.pools[index] ?? '' }));
  const { pools, counts } = prepareKeywords(files, texts.generate.excludeKeywords ?? '', seed);
  const findings: ImportFinding[] = [];
  const { attemptsPerTask, maxSimilarity, author } = generate;
  const examplesFile = generate.examples.name;
  const { agents, environments } = profiles;
  const examples = importEnvironments(
    { name: examplesFile, text: texts.generate.examples },
    agents,
    findings,
  );
  const model = author.model;
  const plan = {
    slots,
    pools,
    examples,
    attemptsPerTask,
    maxSimilarity,
    others: [...environments, ...examples],
    agents,
    model,
    seed,
  };
  return { plan, counts, findings, examplesFile };
}

function taskSetOf(tasks: TaskSet['tasks'], profiles: ImportedProfiles): TaskSet {
  const used = new Set(tasks.map((task) => task.id));
  const prescribed = Object.entries(profiles.prescribedPairs).filter(([task]) => used.has(task));
  return {
    tasks,
    agents: profiles.agents,
    relationships: profiles.relationships,
    prescribedPairs: Object.fromEntries(prescribed),
  };
}
