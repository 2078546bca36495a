import { CancellationScope } from '@temporalio/workflow';
import type { FinishedShard, PlayedRow, RatedRow } from '../activities/collections';
import type { StageCost } from '../schemas/plan';
import { general, playEpisode, rateEpisode } from './activityProxies';
import { slidingWindow } from './slidingWindow';

export interface EpisodeShardInput {
  design: string;
  play: string;
  from: number;
  to: number;
  /** Episodes of this shard played or rated at once. */
  inFlight: number;
}

export interface EpisodeShardResult extends FinishedShard {
  cost: StageCost;
}

/**
 * Plays and rates a range of a design's episodes. Each is rated as soon as it ends; a judge that fails is asked again
 * without the conversation being played again. Shards finished before are not played again. A shard that fails or is
 * cancelled keeps what is finished of it: a later attempt goes on from there.
 */
export async function episodeShard(input: EpisodeShardInput): Promise<EpisodeShardResult> {
  const { design, play, from, to, inFlight } = input;
  const opened = await general.openShard({ design, play, from, to });
  const cost: StageCost = { calls: 0, inputTokens: 0, outputTokens: 0, gpuSeconds: 0 };
  if (opened.finished) return { ...opened.finished, cost };

  const played = new Map(opened.played.map((row) => [row.number, row]));
  const rated = new Map(opened.rated.map((row) => [row.number, row]));
  const spend = ({ calls, inputTokens, outputTokens }: Omit<StageCost, 'gpuSeconds'>) => {
    cost.calls += calls;
    cost.inputTokens += inputTokens;
    cost.outputTokens += outputTokens;
  };

  const playOnce = async (number: number) => {
    const known = played.get(number);
    if (known) return known;
    const { episode, ending, turns, ...spent } = await playEpisode({ design, number });
    spend(spent);
    const row = { number, episode, ending, turns };
    played.set(number, row);
    return row;
  };

  const rateOnce = async (row: PlayedRow) => {
    const known = rated.get(row.number);
    if (known) return known;
    const { number, episode } = row;
    const { rating, scores, ...spent } = await rateEpisode({ design, number, episode });
    spend(spent);
    const ratedRow = { ...row, rating, scores };
    rated.set(number, ratedRow);
    return ratedRow;
  };

  try {
    const rows = await slidingWindow(
      from,
      to,
      inFlight,
      async (number): Promise<RatedRow> => rateOnce(await playOnce(number)),
    );
    return { ...(await general.commitShard({ design, play, from, to, rows })), cost };
  } catch (error) {
    await keep({ ...input, played: [...played.values()], rated: [...rated.values()] });
    throw error;
  }
}

/** What made the shard fail is told, not that it could not be kept as well. */
function keep(shard: EpisodeShardInput & { played: PlayedRow[]; rated: RatedRow[] }): Promise<void> {
  return CancellationScope.nonCancellable(() => general.keepShard(shard)).catch(() => undefined);
}
