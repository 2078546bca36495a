import { isDeepStrictEqual } from 'node:util';
import { blobKey } from '../../artifacts/blobKey';
import {
  type CollectedEpisode,
  type CollectionDesign,
  Episode,
  type EpisodeDesign,
} from '../../schemas/episode';
import { sumUsage } from '../../domain/plan/cost';
import type { ModelCall, Usage } from '../../schemas/modelCall';
import { Rating } from '../../schemas/rating';
import type { Findings } from './findings';
import type { VerifiedBlobs } from './verifiedBlobs';

/** Calls that episodes and ratings record. */
export interface RecordedCalls {
  all: number;
  /** Those that no policy of our own answered: what a limit is about. */
  provider: number;
  /** Tokens of those, by the model that was asked. */
  tokens: ReadonlyMap<string, Usage>;
}

/** Where a row stands, and what was to be played. */
export interface RowPlace {
  /** Object that lists it. */
  object: string;
  players: CollectionDesign['players'];
  planned: EpisodeDesign | undefined;
}

/**
 * A row of an index says what its episode and its rating say; these are of whom and by whom they were to be.
 * Errors: ARTIFACT_*.
 */
export async function checkRow(
  row: CollectedEpisode,
  place: RowPlace,
  blobs: VerifiedBlobs,
  findings: Pick<Findings, 'fail'>,
): Promise<RecordedCalls> {
  const [episode, rating] = [await blobs.json(row.episode, Episode), await blobs.json(row.rating, Rating)];
  const wrong = (what: string) =>
    findings.fail(place.object, `Row ${row.number} (episode ${row.id}) ${what}.`);
  if (episode.id !== row.id || episode.task !== row.task)
    wrong(`names blob ${row.episode}, which is of another episode`);
  if (episode.turns.length !== row.turns || episode.ending !== row.ending)
    wrong('tells another course than its episode');
  if (rating.episode !== row.id) wrong(`names rating ${row.rating}, which is of episode ${rating.episode}`);
  const scores = rating.kind === 'rated' ? rating.scores : null;
  if (!isDeepStrictEqual(scores, row.scores)) wrong(`has other scores than its rating ${row.rating}`);
  checkPlayers(row, place, episode, findings);
  const calls = [...episode.turns.map(({ call }) => call), episode.unreadCall, rating.call].flatMap(
    (call) => call ?? [],
  );
  const paid = calls.filter((call) => call.servedDigest === undefined);
  const tokens = addTokens(paid.map(({ model, usage }) => [model, usage] as const));
  return { all: count(calls), provider: count(paid), tokens };
}

/** An episode has the agents and the seed that were decided, and its turns are by the policy that was to play. */
function checkPlayers(
  row: CollectedEpisode,
  { players, planned }: RowPlace,
  { agents, seed, turns }: Episode,
  findings: Pick<Findings, 'fail'>,
): void {
  const object = blobKey(row.episode);
  if (planned && (seed !== planned.seed || !isDeepStrictEqual(agents, planned.agents)))
    findings.fail(object, `Episode ${row.id} has other agents or another seed than was decided.`);
  for (const { number, speaker, call } of turns) {
    const player = players[row.players[speaker]];
    if (player?.kind === 'policy' && call.servedDigest !== player.digest)
      findings.fail(
        object,
        `Turn ${number} of episode ${row.id} is by ${call.servedDigest ?? call.model}; policy ${player.digest} was to play.`,
      );
  }
}

const count = (calls: readonly ModelCall[]): number => calls.reduce((sum, { calls: made }) => sum + made, 0);

/** @param used models with what was used of each; one may stand there several times */
export function addTokens(used: readonly (readonly [string, Usage])[]): Map<string, Usage> {
  const usages = new Map<string, Usage[]>();
  for (const [model, usage] of used) {
    const known = usages.get(model);
    if (known) known.push(usage);
    else usages.set(model, [usage]);
  }
  return new Map([...usages].map(([model, all]) => [model, sumUsage(all)]));
}
