import { resultKey } from '../../artifacts/documentKeys';
import { blobKey } from '../../artifacts/artifactStore';
import { canonicalJson } from '../../artifacts/canonicalJson';
import type { CollectedEpisode, Episode, EpisodeDesign } from '../../schemas/episode';
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
    if (row.number !== index || (planned && told(planned) !== told(row)))
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

const told = ({ id, task, players }: Pick<EpisodeDesign, 'id' | 'task' | 'players'>): string =>
  canonicalJson({ id, task, players });

/** An episode has the agents and the seed that were decided, and its turns are by the policy that was to play. */
export function checkPlayers(
  { design }: Collection,
  row: CollectedEpisode,
  { agents, seed, turns }: Episode,
  findings: Findings,
): void {
  const object = blobKey(row.episode);
  const planned = design.episodes[row.number];
  if (planned && canonicalJson([agents, seed]) !== canonicalJson([planned.agents, planned.seed]))
    findings.fail(object, `Episode ${row.id} has other agents or another seed than was decided.`);
  for (const { number, speaker, call } of turns) {
    const player = design.players[row.players[speaker]];
    if (player?.kind === 'policy' && call.servedDigest !== player.digest)
      findings.fail(
        object,
        `Turn ${number} of episode ${row.id} is by ${call.servedDigest ?? call.model}; policy ${player.digest} was to play.`,
      );
  }
}
