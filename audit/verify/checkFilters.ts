import { blobKey } from '../../artifacts/artifactStore';
import { canonicalJson } from '../../artifacts/canonicalJson';
import { Cast, trainingRows } from '../../domain/episode/trainingRows';
import { filterEpisodes } from '../../domain/filter';
import { sidesOf } from '../../domain/filter/sidesOf';
import { inParallel } from '../../domain/inParallel';
import { CollectedEpisode, Episode } from '../../schemas/episode';
import type { Decision } from '../../schemas/filter';
import { STAGE_PARAMETERS } from '../../schemas/plan';
import { TaskSet } from '../../schemas/profiles';
import { inputOf, outputOf } from '../readManifest';
import type { Findings } from './findings';
import type { LoadedCampaign, LoadedStage } from './loadCampaign';
import type { VerifiedBlobs } from './verifiedBlobs';
import { whereReadable } from './whereReadable';

const READS_AT_ONCE = 16;

/**
 * Running the filters again gives the same bytes: each side has the decision that its scores demand, each training row
 * the one decision to keep it and the one rating that it rests on. No row comes from a task that is kept for evaluation.
 */
export async function checkFilters(
  blobs: VerifiedBlobs,
  { plan, stages }: LoadedCampaign,
  findings: Findings,
): Promise<void> {
  const held = heldOut(plan);
  for (const stage of stages.filter(
    ({ id }) => plan?.stages.find((one) => one.id === id)?.kind === 'filterEpisodes',
  ))
    await whereReadable(stage.resultKey, findings, () => checkFilter(blobs, stage, held, findings));
}

/** Names of splits that no training may use. */
function heldOut(plan: LoadedCampaign['plan']): ReadonlySet<string> {
  const prepared = plan?.stages.find(({ kind }) => kind === 'prepareTasks');
  const parsed = STAGE_PARAMETERS.prepareTasks.safeParse(prepared?.parameters);
  const splits = parsed.success ? parsed.data.splits : [];
  return new Set(splits.filter(({ evaluation }) => evaluation).map(({ name }) => name));
}

async function checkFilter(
  blobs: VerifiedBlobs,
  { id, manifest }: LoadedStage,
  held: ReadonlySet<string>,
  findings: Findings,
): Promise<void> {
  if (!manifest) return;
  const { statement } = manifest;
  const { filter, template, seed } = STAGE_PARAMETERS.filterEpisodes.parse(
    statement.predicate.buildDefinition.externalParameters.parameters,
  );
  const [decisions, dataset] = ['decisions', 'dataset'].map((role) => outputOf(statement, role) ?? '');
  const collected = await blobs.jsonLines(inputOf(statement, 'episodes') ?? '', CollectedEpisode);
  const taskSet = await blobs.json(inputOf(statement, 'tasks') ?? '', TaskSet);
  const decided = filterEpisodes(sidesOf(collected), filter, seed);
  const kept = decided.filter(({ keep }) => keep);
  findings.looked(decided.length);
  await compare(blobs, decisions ?? '', decided, findings, `decisions of stage ${id}`);
  const rows = await rowsOf(blobs, kept, collected, new Cast(taskSet), template);
  findings.looked(rows.length);
  await compare(blobs, dataset ?? '', rows, findings, `training rows of stage ${id}`);

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

async function rowsOf(
  blobs: VerifiedBlobs,
  kept: readonly Decision[],
  collected: readonly CollectedEpisode[],
  cast: Cast,
  template: Parameters<typeof trainingRows>[3],
) {
  const digests = new Map(collected.map((row) => [row.id, row.episode]));
  const rows = await inParallel(kept, READS_AT_ONCE, async ({ episode: id, position }) => {
    const episode = await blobs.json(digests.get(id) ?? '', Episode);
    return trainingRows(episode, position, cast, template) ?? [];
  });
  return rows.flat();
}

/** The stored lines are those that are computed now, byte for byte. */
async function compare(
  blobs: VerifiedBlobs,
  digest: string,
  computed: readonly unknown[],
  findings: Findings,
  what: string,
): Promise<void> {
  const stored = (await blobs.read(digest)).toString('utf8').split('\n');
  // The last line is empty: whatever stands behind the last newline is one too many.
  const expected = [...computed.map((row) => canonicalJson(row)), ''];
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
