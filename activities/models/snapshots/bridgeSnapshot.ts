import { isTolerable, snapshotShift } from '../../../domain/statistics';
import type { RatedRow } from '../../../schemas/batch';
import type { Scores } from '../../../schemas/scores';
import type { BridgeEpisode, NamedModel } from '../../../schemas/snapshot';
import type { SnapshotRecord } from './snapshotRecord';

/** Episodes that are kept to be rated again. */
const MOST_TO_BRIDGE = 50;
/** From fewer nothing is concluded. */
export const FEWEST_TO_BRIDGE = 10;

type Rated = readonly [Scores, Scores];

/** Keeps some of the episodes that a judge's first snapshot has rated. Errors: STORAGE_*. */
export async function keepForBridge(
  record: SnapshotRecord,
  judge: NamedModel,
  design: string,
  rows: readonly RatedRow[],
): Promise<void> {
  const { snapshots, bridge } = await record.of(judge);
  if (bridge.length >= MOST_TO_BRIDGE) return;
  const rated = rows.filter(
    ({ scores, judges }) => scores && judges.every(({ snapshot }) => snapshot === snapshots[0]?.name),
  );
  const kept = rated.map(({ number, episode, rating }) => ({ design, number, episode, rating }));
  await record.keepForBridge(judge, kept, MOST_TO_BRIDGE);
}

/**
 * Finds out whether a judge's new snapshot rates as the first one did, once: what was found stands in the record.
 * Errors: STORAGE_*; those of `rateAgain`.
 */
export async function bridgeSnapshot(
  record: SnapshotRecord,
  judge: NamedModel,
  name: string,
  rateAgain: (episodes: readonly BridgeEpisode[]) => Promise<readonly { before: Rated; after: Rated }[]>,
): Promise<void> {
  const { snapshots, bridge } = await record.of(judge);
  const snapshot = snapshots.find((one) => one.name === name);
  if (snapshot?.standing !== 'refused' || snapshot.shift || bridge.length < FEWEST_TO_BRIDGE) return;
  const pairs = await rateAgain(bridge);
  if (pairs.length < FEWEST_TO_BRIDGE) return;
  const shift = snapshotShift(pairs);
  await record.note(judge, name, () => ({ standing: isTolerable(shift) ? 'bridged' : 'refused', shift }));
}
