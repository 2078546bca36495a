import { designEpisodes as designPureEpisodes, type DesignParameters } from '../domain/episode/design';
import { checkpointDesign, collectionDesign, evaluationDesign } from '../domain/episode/stageDesigns';
import type { ArtifactRef } from '../schemas/artifact';
import { MEDIA_TYPES } from '../schemas/names';
import { TaskSet } from '../schemas/profiles';
import type { ArtifactStore } from '../artifacts/artifactStore';
import { digestOfJson } from '../artifacts/canonicalJson';
import { candidatesOf } from './support/candidates';
import { inputOf, type Plans, type StageWork } from './support/stageWork';

export interface CollectionDependencies {
  store: ArtifactStore;
  plans: Plans;
}

/** Episodes to be played and rated together, with the policies that must be served meanwhile. */
export interface PlannedCollection {
  /** Digest of the design. */
  design: string;
  /** Digest of the design without its judge: another judge rates the same episodes again, unplayed. */
  play: string;
  episodes: number;
  /** More unrated episodes than this fail the stage. */
  unratedLimit: number;
  policies: ArtifactRef[];
}

export function createCollectionActivities({ store, plans }: CollectionDependencies) {
  return {
    /** Decides all episodes of a stage: tasks, pairs, positions and seeds. */
    async designEpisodes(work: StageWork): Promise<PlannedCollection[]> {
      const { kind } = await plans.stage(work.plan, work.stage);
      const taskSet = inputOf(work, 'tasks').digest.sha256;
      if (kind === 'chooseCheckpoint') return designForCheckpoints(work, taskSet);
      const policyOf = (role: string) => inputOf(work, role).digest.sha256;
      const design =
        kind === 'evaluatePolicy'
          ? evaluationDesign(await plans.parameters(kind, work), policyOf)
          : collectionDesign(await plans.parameters('collectEpisodes', work), policyOf);
      return [await storeDesign(design, taskSet, work.inputs)];
    },

    /** One index of a stage's episodes from its parts' indexes. */
    async gatherEpisodes({ indexes }: { indexes: ArtifactRef[] }): Promise<ArtifactRef> {
      const texts = await Promise.all(indexes.map((index) => store.getText(index)));
      return store.putText(texts.join(''), 'episodes.jsonl', MEDIA_TYPES.episodes);
    },
  };

  async function designForCheckpoints(work: StageWork, taskSet: string): Promise<PlannedCollection[]> {
    const parameters = await plans.parameters('chooseCheckpoint', work);
    const candidates = await candidatesOf(store, work);
    return Promise.all(
      candidates.map(({ policy }) =>
        storeDesign(checkpointDesign(parameters, policy.digest.sha256), taskSet, {
          policy: store.locate(policy),
        }),
      ),
    );
  }

  async function storeDesign(
    parameters: DesignParameters,
    taskSetDigest: string,
    inputs: StageWork['inputs'],
  ): Promise<PlannedCollection> {
    const taskSet = await store.getJson(taskSetDigest, TaskSet);
    const { judge, ...played } = designPureEpisodes(parameters, taskSet, taskSetDigest);
    const { digest } = await store.putJson({ ...played, judge }, 'design.json', MEDIA_TYPES.design);
    const episodes = played.episodes.length;
    const served = Object.values(played.players).some((player) => player.kind === 'policy');
    return {
      design: digest.sha256,
      play: digestOfJson(played),
      episodes,
      unratedLimit: Math.floor(episodes * parameters.unratedShare),
      policies: served && inputs['policy'] ? [inputs['policy']] : [],
    };
  }
}
