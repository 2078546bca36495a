import type { Episode } from '../schemas/episode';
import type { AgentProfile, SocialTask } from '../schemas/profiles';
import type { Rating } from '../schemas/rating';

/** An episode with all that is needed to tell of it to others. */
export interface RatedEpisode {
  campaign: string;
  stage: string;
  /** Digests of the two blobs. */
  digests: { episode: string; rating: string };
  episode: Episode;
  rating: Rating;
  task: SocialTask;
  agents: [AgentProfile, AgentProfile];
  /** By position: names in the design, such as `contestant`. */
  players: [string, string];
  judge: string;
  simulated: boolean;
}
