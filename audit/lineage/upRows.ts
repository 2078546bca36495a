import type { Position, Turn } from '../../schemas/episode';
import { DialogueRow } from '../../schemas/training';
import { short } from '../find/subject';
import type { Archive, EpisodePlace } from '../index/archive';
import { member } from '../index/lines';
import type { AuditedStage } from '../readCampaign';
import { inputOf, outputOf } from '../readManifest';
import { callOfRating, callOfTurn, judgeOf } from './modelCall';
import { type Chosen, type LineageNode, node } from './node';
import { callNode, decisionNode, decisionsOf, episodeNode, ratingNode, turnNode } from './steps';

/** Training rows, the decisions and episodes behind them in numbers, then one row's chain to a raw call. */
export async function chainOfRows(
  archive: Archive,
  stage: AuditedStage,
  { episode, turn }: Chosen,
): Promise<LineageNode> {
  const { statement } = stage.manifest;
  const dataset = outputOf(statement, 'dataset') ?? '';
  const [decisions, episodes] = [outputOf(statement, 'decisions') ?? null, inputOf(statement, 'episodes')];
  const rows = await archive.lines(dataset);
  const { counts } = stage.result;
  const collect = archive.collections.find(({ index }) => index === episodes)?.stage;
  const row = await chooseRow(archive, dataset, episode);
  const chain = row ? [await rowChain(archive, stage, row, turn)] : [];
  const collected = node(
    'episodes',
    episodes ?? null,
    `${collect?.result.counts['episodes']} episodes of ${collect?.id}, rated by ${collect ? judgeOf(collect) : '?'}`,
    chain,
  );
  const decided = node(
    'decisions',
    decisions,
    `${counts['kept']} of ${counts['sides']} sides kept; one of them:`,
    [collected],
  );
  const from = rows.firstMembers('episode').size;
  return node(
    'rows',
    dataset,
    `dataset of ${stage.id}: ${counts['rows']} training rows of ${from} episodes`,
    [decided],
  );
}

/** The first row, or the first of an episode. */
async function chooseRow(
  archive: Archive,
  dataset: string,
  episode: string | undefined,
): Promise<DialogueRow | undefined> {
  if (episode === undefined) return archive.firstRow(dataset, DialogueRow);
  const [place] = await archive.episodesHolding(member('id', episode), member('episode', episode));
  const [row] = await archive.rowsHolding(dataset, member('episode', place?.row.id ?? episode), DialogueRow);
  return row;
}

/** Row → decision → rating → episode → turn → call. */
export async function rowChain(
  archive: Archive,
  stage: AuditedStage,
  row: DialogueRow,
  turn: number | undefined,
): Promise<LineageNode> {
  const place = await placeOf(archive, stage, row.episode);
  const decisions = outputOf(stage.manifest.statement, 'decisions') ?? '';
  const decision = (await decisionsOf(archive, decisions, row.episode)).find(
    ({ position }) => position === row.position,
  );
  const { rejected } = row;
  const than = rejected ? `, rather than side ${rejected.position} of ${rejected.episode}` : '';
  const text = `teaches side ${row.position} of ${row.episode}${than}: ${row.messages.length} messages`;
  if (!place || !decision) return node('row', row.id, `${text}; its episode or decision is missing ✗`);
  const [episode, rating] = await Promise.all([archive.episode(place), archive.rating(place)]);
  const number = turn ?? taughtTurn(episode.turns, row);
  const call = await callOfTurn(archive, place, number);
  const judged = await callOfRating(archive, place);
  const turned = turnNode(place, episode, number, call ? [callNode(call)] : []);
  const played = episodeNode(place, episode, [turned]);
  const judge = judged ? `, prompt ${short(judged.call.promptDigest)}` : '';
  const rated = ratingNode(place, rating, [played]);
  return node('row', row.id, text, [decisionNode(decision, [{ ...rated, text: `${rated.text}${judge}` }])]);
}

/** The episode in the index that the filter has read. */
async function placeOf(
  archive: Archive,
  { manifest }: AuditedStage,
  episode: string,
): Promise<EpisodePlace | undefined> {
  const index = inputOf(manifest.statement, 'episodes');
  const places = await archive.episodesHolding(member('id', episode));
  return places.find(({ stage }) => outputOf(stage.manifest.statement, 'episodes') === index);
}

/** A row of a whole dialogue teaches the side's turns from its first on; one of a turn that turn alone. */
export function taughtTurn(
  turns: readonly Turn[],
  { id, position }: Pick<DialogueRow, 'id' | 'position'>,
): number {
  const index = Number(/\/(\d+)$/.exec(id)?.[1] ?? 0);
  const own = turns.filter(({ speaker, action }) => speaker === position && action.type !== 'none');
  return (own[index] ?? own[0])?.number ?? (position satisfies Position);
}
