import { designEpisodes as designPureEpisodes, type DesignParameters } from '../domain/episode/design';
import type { ArtifactRef } from '../schemas/artifact';
import type { Player } from '../schemas/episode';
import { MEDIA_TYPES } from '../schemas/names';
import { TaskSet } from '../schemas/profiles';
import type { ParametersOf, StagePlayer } from '../schemas/plan';
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
      if (kind === 'evaluatePolicy') {
        const parameters = await plans.parameters(kind, work);
        const contestant = toPlayer(parameters.contestant, work);
        return [
          await storeDesign(
            { ...common(parameters), mode: 'both-positions', contestant, partner: partnerOf(parameters) },
            taskSet,
            work.inputs,
          ),
        ];
      }
      const parameters = await plans.parameters('collectEpisodes', work);
      const [first, second] = parameters.players;
      const players = [toPlayer(first, work), toPlayer(second, work)] as const;
      return [await storeDesign({ ...common(parameters), mode: 'together', players }, taskSet, work.inputs)];
    },

    /** One index of a stage's episodes from its parts' indexes. */
    async gatherEpisodes({ indexes }: { indexes: ArtifactRef[] }): Promise<ArtifactRef> {
      const texts = await Promise.all(indexes.map((index) => store.getText(index)));
      return store.putText(texts.join(''), 'episodes.jsonl', MEDIA_TYPES.episodes);
    },
  };

  async function designForCheckpoints(work: StageWork, taskSet: string): Promise<PlannedCollection[]> {
    const parameters = await plans.parameters('chooseCheckpoint', work);
    const { template, sampling } = parameters;
    const candidates = await candidatesOf(store, work);
    return Promise.all(
      candidates.map(({ policy }) => {
        const contestant: Player = { kind: 'policy', digest: policy.digest.sha256, template, sampling };
        return storeDesign(
          { ...common(parameters), mode: 'both-positions', contestant, partner: partnerOf(parameters) },
          taskSet,
          { policy: store.locate(policy) },
        );
      }),
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

type Playing = Pick<
  ParametersOf<'collectEpisodes'>,
  'split' | 'pairsPerTask' | 'rules' | 'judge' | 'seed' | 'unratedShare'
>;

const common = ({ split, pairsPerTask, rules, judge, seed, unratedShare }: Playing) => ({
  split,
  pairsPerTask,
  rules,
  judge,
  seed,
  unratedShare,
});

const partnerOf = ({ partner }: Pick<ParametersOf<'evaluatePolicy'>, 'partner'>): Player => ({
  kind: 'model',
  ...partner,
});

function toPlayer(player: StagePlayer, work: StageWork): Player {
  if (player.kind === 'model') return player;
  const { input, ...settings } = player;
  return { ...settings, digest: inputOf(work, input).digest.sha256 };
}
