import { blobKey } from '../../artifacts/blobKey';
import { canonicalJson } from '../../artifacts/canonicalJson';
import { filterEpisodes } from '../../domain/filter';
import { sidesOf } from '../../domain/filter/sidesOf';
import { type Lesson, lessonsOf } from '../../domain/training/lessons';
import { CollectedEpisode } from '../../schemas/episode';
import type { Decision } from '../../schemas/filter';
import { STAGE_PARAMETERS } from '../../schemas/plan';
import { TaskSet } from '../../schemas/profiles';
import { portioned } from '../portioned';
import { inputOf, outputOf } from '../readManifest';
import type { EpisodeReading } from './checkEpisodes';
import type { Collection } from './collections';
import { examineAll } from './examiner';
import type { Findings } from './findings';
import type { LoadedCampaign, LoadedStage } from './loadCampaign';
import type { LessonPortion } from './portion';
import type { VerifiedBlobs } from './verifiedBlobs';
import { whereReadable } from './whereReadable';

export interface FilterReading extends EpisodeReading {
  /** Of all stages: their rows are known already. */
  collections: readonly Collection[];
}

/**
 * Running the filters again gives the same bytes: each side has the decision that its scores demand, each training row
 * the one decision to keep it and the one rating that it rests on. No row comes from a task that is kept for evaluation.
 */
export async function checkFilters({ plan, stages }: LoadedCampaign, reading: FilterReading): Promise<void> {
  const held = heldOut(plan);
  for (const stage of stages.filter(
    ({ id }) => plan?.stages.find((one) => one.id === id)?.kind === 'filterEpisodes',
  ))
    await whereReadable(stage.resultKey, reading.findings, () => checkFilter(stage, held, reading));
}

/** Names of splits that no training may use. */
function heldOut(plan: LoadedCampaign['plan']): ReadonlySet<string> {
  const prepared = plan?.stages.find(({ kind }) => kind === 'prepareTasks');
  const parsed = STAGE_PARAMETERS.prepareTasks.safeParse(prepared?.parameters);
  const splits = parsed.success ? parsed.data.splits : [];
  return new Set(splits.filter(({ evaluation }) => evaluation).map(({ name }) => name));
}

async function checkFilter(
  { id, manifest }: LoadedStage,
  held: ReadonlySet<string>,
  reading: FilterReading,
): Promise<void> {
  if (!manifest) return;
  const { blobs, findings, collections } = reading;
  const { statement } = manifest;
  const { filter, template, form, seed } = STAGE_PARAMETERS.filterEpisodes.parse(
    statement.predicate.buildDefinition.externalParameters.parameters,
  );
  const [decisions, dataset] = ['decisions', 'dataset'].map((role) => outputOf(statement, role) ?? '');
  const [index, tasks] = ['episodes', 'tasks'].map((role) => inputOf(statement, role) ?? '') as [
    string,
    string,
  ];
  const known = collections.find(({ object }) => object === blobKey(index))?.rows;
  const collected = known ?? (await blobs.jsonLines(index, CollectedEpisode));
  const taskSet = await blobs.json(tasks, TaskSet);
  const decided = filterEpisodes(sidesOf(collected), filter, seed);
  const kept = decided.filter(({ keep }) => keep);
  findings.looked(decided.length);
  const decidedLines = decided.map((decision) => canonicalJson(decision));
  await compare(blobs, decisions ?? '', decidedLines, findings, `decisions of stage ${id}`);
  const lessons = lessonsOf(decided, form);
  const lines = await trainingLines(lessons, collected, { tasks, template }, reading);
  findings.looked(lines.length);
  await compare(blobs, dataset ?? '', lines, findings, `training rows of stage ${id}`);

  const splitOf = new Map(taskSet.tasks.map((task) => [task.id, task.split]));
  const leaked = [...new Set(kept.map(({ task }) => task))].filter((task) =>
    held.has(splitOf.get(task) ?? ''),
  );
  for (const task of leaked)
    findings.fail(
      blobKey(dataset ?? ''),
      `Stage ${id} trains on task ${task}, which is kept for evaluation (split "${splitOf.get(task)}").`,
    );
}

async function trainingLines(
  lessons: readonly Lesson[],
  collected: readonly CollectedEpisode[],
  settings: Pick<LessonPortion, 'tasks' | 'template'>,
  { blobs, examiner }: EpisodeReading,
): Promise<string[]> {
  const digests = new Map(collected.map((row) => [row.id, row.episode]));
  const stored = ({ episode, position }: Decision) => [digests.get(episode) ?? '', position] as const;
  const all = lessons.map(({ side, against, ...weight }) => ({
    ...weight,
    side: stored(side),
    ...(against ? { against: stored(against) } : {}),
  }));
  const portions = portioned(all).map(
    ({ items }): LessonPortion => ({ kind: 'lessons', ...settings, lessons: items }),
  );
  const reports = await examineAll(examiner, portions, (report) => blobs.add(report));
  return reports.flatMap(({ lines }) => lines);
}

/** The stored lines are those that are computed now, byte for byte. */
async function compare(
  blobs: VerifiedBlobs,
  digest: string,
  computed: readonly string[],
  findings: Findings,
  what: string,
): Promise<void> {
  const stored = (await blobs.read(digest)).toString('utf8').split('\n');
  // The last line is empty: whatever stands behind the last newline is one too many.
  const expected = [...computed, ''];
  const differs = (line: number) => stored[line] !== expected[line];
  const first = Array.from({ length: Math.max(stored.length, expected.length) }, (_, line) => line).find(
    differs,
  );
  if (first === undefined) return;
  findings.fail(
    blobKey(digest),
    `The ${what} are not what the ratings and the filter give: ${stored.length - 1} lines, computed ${computed.length}; the first difference is in line ${first + 1}.`,
  );
}
