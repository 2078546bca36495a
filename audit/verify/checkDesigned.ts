import { isDeepStrictEqual } from 'node:util';
import { resultKey } from '../../artifacts/documentKeys';
import type { CollectedEpisode, EpisodeDesign } from '../../schemas/episode';
import type { Collection } from './collections';
import type { Findings } from './findings';

/** The episodes that are listed are those that were to be played, in their order. */
export function checkDesigned(
  { design, rows, object, stage, candidate }: Collection,
  findings: Findings,
): void {
  if (rows.length !== design.episodes.length)
    findings.fail(
      object,
      `It lists ${rows.length} episodes; stage ${stage.id} was to play ${design.episodes.length}.`,
    );
  rows.forEach((row, index) => {
    const planned = design.episodes[index];
    if (row.number !== index || (planned && !isSame(planned, row)))
      findings.fail(
        object,
        `Row ${row.number} (episode ${row.id}) is not the episode that was to be played.`,
      );
  });
  if (candidate) return;
  const unrated = rows.filter(({ scores }) => scores === null).length;
  const { episodes, unrated: counted } = stage.result.counts;
  if (episodes !== rows.length || counted !== unrated)
    findings.fail(
      resultKey(stage.key),
      `Stage ${stage.id} counts ${episodes} episodes, ${counted} of them unrated; listed are ${rows.length} and ${unrated}.`,
    );
}

const isSame = (planned: EpisodeDesign, { id, task, players }: CollectedEpisode): boolean =>
  id === planned.id && task === planned.task && isDeepStrictEqual(players, planned.players);
