import type { ArtifactStore } from '../../artifacts/artifactStore';
import { inParallel } from '../../domain/inParallel';
import { Episode } from '../../schemas/episode';
import { Rating } from '../../schemas/rating';
import type { Scores } from '../../schemas/scores';
import type { BridgeEpisode } from '../../schemas/snapshot';
import type { AskModel } from '../models/modelAccess';
import type { CollectionDesigns } from '../support/collectionDesigns';
import { judgeEpisode } from './judge';

/** Episodes rated again at once. */
const AT_ONCE = 16;

interface Bridging {
  store: ArtifactStore;
  designs: CollectionDesigns;
  ask: AskModel;
  signal: AbortSignal;
}

type Rated = [Scores, Scores];

/**
 * Has the judge rate episodes again that were rated before, by the same prompts and seeds: what differs is the judge.
 * One that it leaves unrated now is left out. Errors: MODEL_*, STORAGE_*, ARTIFACT_*.
 */
export async function rateAgain(
  episodes: readonly BridgeEpisode[],
  { store, designs, ask, signal }: Bridging,
): Promise<{ before: Rated; after: Rated }[]> {
  const rate = async ({ design, number, episode: said, rating: old }: BridgeEpisode) => {
    const [cast, episode, before] = await Promise.all([
      designs.cast(design, number),
      store.getJson(said, Episode),
      store.getJson(old, Rating),
    ]);
    const after = await judgeEpisode(ask, { cast, episode, signal, patiently: (work) => work() });
    return before.kind === 'rated' && after.kind === 'rated'
      ? [{ before: before.scores, after: after.scores }]
      : [];
  };
  return (await inParallel(episodes, AT_ONCE, rate)).flat();
}
