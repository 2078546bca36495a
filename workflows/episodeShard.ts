import type { RatedRow } from '../activities/collections';
import type { ArtifactRef } from '../schemas/artifact';
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

export interface EpisodeShardResult {
  index: ArtifactRef;
  unrated: number;
  cost: StageCost;
}

/**
 * Plays and rates a range of a design's episodes. Each is rated as soon as it ends; a judge that fails is asked again
 * without the conversation being played again. Shards finished before are not played again.
 */
export async function episodeShard(input: EpisodeShardInput): Promise<EpisodeShardResult> {
  const { design, play, from, to, inFlight } = input;
  const opened = await general.openShard({ design, play, from, to });
  const cost: StageCost = { calls: 0, inputTokens: 0, outputTokens: 0, gpuSeconds: 0 };
  if (opened.index) return { index: opened.index, unrated: opened.unrated, cost };

  const played = new Map(opened.played.map((row) => [row.number, row]));
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
    return { number, episode, ending, turns };
  };

  const rows = await slidingWindow(from, to, inFlight, async (number): Promise<RatedRow> => {
    const row = await playOnce(number);
    const { rating, scores, ...spent } = await rateEpisode({ design, number, episode: row.episode });
    spend(spent);
    return { ...row, rating, scores };
  });
  return { ...(await general.commitShard({ design, play, from, to, rows })), cost };
}
