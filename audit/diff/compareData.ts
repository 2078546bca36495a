import { z } from 'zod';
import { CollectedEpisode } from '../../schemas/episode';
import { Decision } from '../../schemas/filter';
import { TaskSet } from '../../schemas/profiles';
import { parseJson } from '../readBlob';
import { dataOf, type Side } from './side';

/** Two sets of things by their ids. `same` of those in both: the very same bytes. */
export interface SetDifference {
  same: number;
  changed: number;
  onlyA: number;
  onlyB: number;
  /** Some of each, for people to look at. */
  examples: { changed: string[]; onlyA: string[]; onlyB: string[] };
}

export interface Flipped {
  episode: string;
  position: 0 | 1;
  a: { keep: boolean; reason: string };
  b: { keep: boolean; reason: string };
}

export interface RoundDifference {
  round: string;
  tasks: SetDifference;
  episodes: SetDifference;
  decisions: SetDifference;
  flipped: Flipped[];
  rows: SetDifference;
}

const EXAMPLES = 5;

/** The tasks, episodes, decisions and training rows of a round, on both sides. */
export async function compareData(a: Side, b: Side, round: string): Promise<RoundDifference> {
  const [before, after] = [dataOf(a, round), dataOf(b, round)];
  const decisions = await Promise.all([
    linesById(a, before.decisions, sideOf),
    linesById(b, after.decisions, sideOf),
  ]);
  return {
    round,
    tasks: compareSets(
      await tasksOf(a, before.tasks, before.split),
      await tasksOf(b, after.tasks, after.split),
    ),
    episodes: compareSets(
      await linesById(a, before.episodes, episodeOf),
      await linesById(b, after.episodes, episodeOf),
    ),
    decisions: compareSets(...decisions),
    flipped: flippedOf(...decisions),
    rows: compareSets(await linesById(a, before.dataset, rowOf), await linesById(b, after.dataset, rowOf)),
  };
}

type Lines = Map<string, string>;

/** What counts of an episode's line: its number in the index says nothing. */
const Collected = CollectedEpisode.pick({ id: true, episode: true, rating: true });
const RowId = z.object({ id: z.string() });

const episodeOf = (line: string): [string, string] => {
  const { id, episode, rating } = parseJson(line, Collected.loose(), 'an index of episodes');
  return [id, `${episode} ${rating}`];
};
const rowOf = (line: string): [string, string] => [parseJson(line, RowId, 'a dataset').id, line];
const sideOf = (line: string): [string, string] => {
  const { episode, position } = parseJson(line, Decision, 'decisions');
  return [`${episode}/${position}`, line];
};

async function linesById(
  { archive }: Side,
  digest: string | undefined,
  read: (line: string) => [string, string],
): Promise<Lines> {
  const found: Lines = new Map();
  if (digest !== undefined) for (const line of (await archive.lines(digest)).all()) found.set(...read(line));
  return found;
}

async function tasksOf(
  { archive }: Side,
  digest: string | undefined,
  split: string | undefined,
): Promise<Lines> {
  if (digest === undefined) return new Map();
  const { tasks } = await archive.json(digest, TaskSet);
  const own = tasks.filter((task) => task.split === split);
  return new Map(own.map(({ split: _split, ...task }) => [task.id, JSON.stringify(task)]));
}

function compareSets(a: Lines, b: Lines): SetDifference {
  const common = [...a.keys()].filter((id) => b.has(id));
  const changed = common.filter((id) => a.get(id) !== b.get(id));
  const onlyA = [...a.keys()].filter((id) => !b.has(id));
  const onlyB = [...b.keys()].filter((id) => !a.has(id));
  const some = (ids: readonly string[]) => ids.slice(0, EXAMPLES);
  return {
    same: common.length - changed.length,
    changed: changed.length,
    onlyA: onlyA.length,
    onlyB: onlyB.length,
    examples: { changed: some(changed), onlyA: some(onlyA), onlyB: some(onlyB) },
  };
}

/** Sides that one keeps and the other drops. */
function flippedOf(a: Lines, b: Lines): Flipped[] {
  return [...a].flatMap(([id, line]) => {
    const other = b.get(id);
    if (other === undefined || other === line) return [];
    const [before, after] = [parseJson(line, Decision, id), parseJson(other, Decision, id)];
    if (before.keep === after.keep) return [];
    const { episode, position } = before;
    return [{ episode, position, a: verdict(before), b: verdict(after) }];
  });
}

const verdict = ({ keep, reason }: Decision) => ({ keep, reason });
