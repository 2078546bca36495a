import type { ArtifactStore } from '../../artifacts/artifactStore';
import { inParallel } from '../../domain/inParallel';
import { CollectedEpisode } from '../../schemas/episode';
import { Decision } from '../../schemas/filter';
import { Rating } from '../../schemas/rating';
import { DialogueRow } from '../../schemas/training';
import { digestOfRole, READS_AT_ONCE, type StoredStage } from './storedStages';

/**
 * Every training row has exactly one decision, to keep it, and exactly one rating; what a row is preferred to has one of
 * each too, and was dropped. @returns what is wrong
 */
export async function checkTrainingRows(
  store: ArtifactStore,
  stages: readonly StoredStage[],
): Promise<string[]> {
  const filters = stages.filter(({ kind }) => kind === 'filterEpisodes');
  if (filters.length === 0) return ['no stage has filtered episodes: there is nothing that could be checked'];
  const problems = await inParallel(filters, READS_AT_ONCE, (stage) => checkFilter(store, stage));
  return problems.flat();
}

async function checkFilter(store: ArtifactStore, { id, read, wrote }: StoredStage): Promise<string[]> {
  const digests = {
    dataset: digestOfRole(wrote, 'dataset'),
    decisions: digestOfRole(wrote, 'decisions'),
    episodes: digestOfRole(read, 'episodes'),
  };
  const { dataset, decisions, episodes } = digests;
  if (!dataset || !decisions || !episodes)
    return [`the manifest of stage "${id}" lacks one of ${Object.keys(digests).join(', ')}`];
  const rows = await store.getJsonLines(dataset, DialogueRow);
  const decided = grouped(await store.getJsonLines(decisions, Decision), sideOf);
  const collected = grouped(await store.getJsonLines(episodes, CollectedEpisode), (row) => row.id);
  const sides = rows.flatMap((row) => [
    { side: row, keep: true },
    ...(row.rejected ? [{ side: row.rejected, keep: false }] : []),
  ]);
  const problems = await inParallel(sides, READS_AT_ONCE, async ({ side, keep }) => [
    ...checkDecision(side, keep, decided.get(sideOf(side)) ?? []),
    ...(await checkRating(store, side, collected.get(side.episode) ?? [])),
  ]);
  const ids = new Set(rows.map((row) => row.id));
  const twice = ids.size === rows.length ? [] : [`${rows.length - ids.size} rows are there more than once`];
  return [...twice, ...problems.flat()].map((problem) => `stage "${id}": ${problem}`);
}

type Side = Pick<DialogueRow, 'id' | 'episode' | 'position'>;

function checkDecision({ id }: Side, keep: boolean, decisions: readonly Decision[]): string[] {
  if (decisions.length !== 1) return [`row ${id} has ${decisions.length} decisions`];
  if (decisions[0]?.keep === keep) return [];
  return keep
    ? [`row ${id} is there although it was decided to drop it`]
    : [`row ${id} counts as worse although it was decided to keep it`];
}

async function checkRating(
  store: ArtifactStore,
  { id, episode }: Side,
  collected: readonly CollectedEpisode[],
): Promise<string[]> {
  const [only] = collected;
  if (collected.length !== 1 || !only) return [`row ${id} has ${collected.length} ratings`];
  const rating = await store.getJson(only.rating, Rating);
  if (rating.episode !== episode) return [`the rating of row ${id} is of episode ${rating.episode}`];
  if (rating.kind !== 'rated') return [`row ${id} is of an episode without a rating`];
  const isSame = JSON.stringify(rating.scores) === JSON.stringify(only.scores);
  return isSame ? [] : [`row ${id} was decided on by other scores than its rating has`];
}

const sideOf = ({ episode, position }: { episode: string; position: number }) => `${episode}/${position}`;

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
