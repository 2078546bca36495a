import type { CollectionDesign, EpisodeDesign, EpisodeRules, Player } from '../../schemas/episode';
import type { ModelSpec } from '../../schemas/model';
import type { SocialTask, TaskSet } from '../../schemas/profiles';
import { seedOf } from '../random';
import { samplePairs } from '../tasks/pairs';

/**
 * Who meets whom. `together`: both positions are given, one episode a pair. `both-positions`: a contestant meets the
 * partner, each pair once with the contestant in position 0 and once in position 1.
 */
type Meeting =
  | { mode: 'together'; players: readonly [Player, Player] }
  | { mode: 'both-positions'; contestant: Player; partner: Player };

export type DesignParameters = Meeting & {
  split: string;
  pairsPerTask: number;
  rules: EpisodeRules;
  judge: ModelSpec;
  seed: number;
  unratedShare: number;
};

export const CONTESTANT = 'contestant';
export const PARTNER = 'partner';

/** All episodes of a stage. Seeds depend on task, pair and position alone, so that all contestants meet the same. */
export function designEpisodes(
  parameters: DesignParameters,
  taskSet: TaskSet,
  taskSetDigest: string,
): CollectionDesign {
  const tasks = taskSet.tasks.filter((task) => task.split === parameters.split);
  return {
    taskSet: taskSetDigest,
    rules: parameters.rules,
    players: playersOf(parameters),
    judge: parameters.judge,
    episodes: tasks.flatMap((task) => episodesOf(task, parameters, taskSet)),
  };
}

function playersOf(meeting: Meeting): Record<string, Player> {
  return meeting.mode === 'together'
    ? { first: meeting.players[0], second: meeting.players[1] }
    : { [CONTESTANT]: meeting.contestant, [PARTNER]: meeting.partner };
}

function episodesOf(task: SocialTask, parameters: DesignParameters, taskSet: TaskSet): EpisodeDesign[] {
  const { pairs } = samplePairs(
    task,
    parameters.pairsPerTask,
    taskSet,
    seedOf(parameters.seed, 'pairs', task.id),
  );
  const seats: [string, string][] =
    parameters.mode === 'together'
      ? [['first', 'second']]
      : [
          [CONTESTANT, PARTNER],
          [PARTNER, CONTESTANT],
        ];
  return pairs.flatMap((agents, pair) =>
    seats.map((players, seat) => ({
      id: `${task.id}-${pair}-${seat}`,
      task: task.id,
      agents,
      players,
      seed: seedOf(parameters.seed, 'episode', task.id, pair, seat),
    })),
  );
}
