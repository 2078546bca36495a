import type { PlannedCollection } from '../activities/collections';
import type { CommitStageInput, PlanOutline } from '../activities/stages';
import type { StageOutcome, StageWork } from '../activities/support/stageWork';
import type { ArtifactRef } from '../schemas/artifact';
import type { StageKind, StageResult } from '../schemas/plan';
import { ChildWorkflowCancellationType, executeChild, ParentClosePolicy } from '@temporalio/workflow';
import { uniteModels } from '../domain/plan/answeringModels';
import { sumCosts } from '../domain/plan/cost';
import { stageWorkflowId } from '../schemas/names';
import { general, prepareTasks, trainPolicy } from './activityProxies';
import { conversationCollection } from './conversationCollection';
import { type Collected, episodeCollection } from './episodeCollection';
import type { StageProgress, TrainingCampaignInput } from './messages';
import { PolicyServing } from './policyServing';

type OutlinedStage = PlanOutline['stages'][number];

/** Runs the stages of one campaign. A stage key is computed at most once, however many stages share it. */
export class StageRunner {
  private readonly serving = new PolicyServing();
  private readonly computing = new Map<string, Promise<StageResult>>();

  constructor(
    private readonly campaign: Pick<TrainingCampaignInput, 'campaign' | 'plan'>,
    private readonly limits: Pick<PlanOutline, 'episodesInFlight' | 'modelCalls' | 'batching'>,
    private readonly onStart: (stage: string, key: string) => void,
  ) {}

  async run(
    stage: OutlinedStage,
    inputs: Record<string, ArtifactRef>,
    progress: StageProgress,
  ): Promise<StageResult> {
    const startedAt = now();
    const { key, finished } = await general.openStage({ ...this.campaign, stage: stage.id, inputs });
    progress.key = key;
    if (finished) return this.reuse(finished, progress);
    const underWay = this.computing.get(key);
    if (underWay) return this.reuse(await underWay, progress);

    Object.assign(progress, { state: 'running', startedAt });
    this.onStart(stage.id, key);
    const computing = this.compute(
      stage,
      { ...this.campaign, stage: stage.id, key, inputs },
      startedAt,
      progress,
    );
    this.computing.set(key, computing);
    // A stage that is tried again is computed again.
    computing.catch(() => this.computing.delete(key));
    const result = await computing;
    const { counts, cost } = result;
    Object.assign(progress, { state: 'finished', finishedAt: now(), counts, cost });
    return result;
  }

  private reuse(result: StageResult, progress: StageProgress): StageResult {
    const { planned } = progress.episodes;
    progress.episodes = { finished: planned, planned };
    // What an earlier run of this campaign has computed or looked up is no news.
    if (progress.state !== 'finished' && progress.state !== 'reused')
      Object.assign(progress, { state: 'reused', finishedAt: now(), counts: result.counts });
    return result;
  }

  private async compute(stage: OutlinedStage, work: StageWork, startedAt: string, progress: StageProgress) {
    const outcome = await this.outcomeOf(stage.kind as StageKind, work, progress);
    const commit: CommitStageInput = { ...work, ...outcome, startedAt, finishedAt: now() };
    return general.commitStage(commit);
  }

  private async outcomeOf(kind: StageKind, work: StageWork, progress: StageProgress): Promise<StageOutcome> {
    switch (kind) {
      case 'importCorpus':
        return general.importCorpus(work);
      case 'importPolicy':
        return general.importPolicy(work);
      case 'prepareTasks':
        return prepareTasks(work);
      case 'trainPolicy':
        return trainPolicy(work);
      case 'filterEpisodes':
        return general.filterEpisodes(work);
      case 'compareEvaluations':
        return general.compareEvaluations(work);
      case 'collectEpisodes': {
        const { episodes, ...rest } = only(await this.collect(work, progress));
        return {
          outputs: { episodes },
          counts: {
            episodes: rest.played,
            unrated: rest.unrated.count,
            unparsable: rest.unrated.reasons['unparsable-episode'] ?? 0,
          },
          cost: rest.cost,
          models: rest.models ?? [],
        };
      }
      case 'evaluatePolicy': {
        const { episodes, cost, models = [] } = only(await this.collect(work, progress));
        return { ...(await general.summariseEvaluation({ ...work, episodes })), cost, models };
      }
      case 'chooseCheckpoint': {
        const collected = await this.collect(work, progress);
        const collections = collected.map(({ episodes }) => episodes);
        return {
          ...(await general.chooseCheckpoint({ ...work, collections })),
          cost: sumCosts(collected.map(({ cost }) => cost)),
          models: uniteModels(collected.map(({ models = [] }) => models)),
        };
      }
    }
  }

  /** Plays all collections of a stage, each while its policies are served. */
  private async collect(work: StageWork, progress: StageProgress): Promise<Collected[]> {
    const collections = await general.designEpisodes(work);
    progress.episodes.planned = collections.reduce((sum, { episodes }) => sum + episodes, 0);
    const collected = await Promise.all(
      collections.map((collection, index) => {
        const label = collections.length > 1 ? `/${index}` : '';
        return this.playAndRate(work.stage, label, collection);
      }),
    );
    progress.episodes.finished = progress.episodes.planned;
    return collected;
  }

  /** @param label tells several collections of one stage apart */
  private async playAndRate(
    stage: string,
    label: string,
    { policies, ...planned }: PlannedCollection,
  ): Promise<Collected> {
    const { campaign, plan } = this.campaign;
    const { episodesInFlight: inFlight, modelCalls, batching } = this.limits;
    const collection = { ...planned, campaign, plan, stage, inFlight, modelCalls };
    const id = stageWorkflowId(campaign, `${stage}${label}`);
    const child = { ...CHILD, workflowId: id };
    if (!batching?.judge) {
      const { result, seconds } = await this.serving.use(policies, () =>
        executeChild(episodeCollection, { ...child, args: [collection] }),
      );
      return withGpuTime(result, seconds);
    }
    // Nothing is served while a provider's batches are waited for.
    const playing = { ...CHILD, workflowId: `${id}/conversations` };
    const { seconds } = await this.serving.use(policies, () =>
      executeChild(conversationCollection, { ...playing, args: [collection] }),
    );
    const rated = { ...collection, batching: batching.judge };
    return withGpuTime(await executeChild(episodeCollection, { ...child, args: [rated] }), seconds);
  }
}

const withGpuTime = (collected: Collected, gpuSeconds: number): Collected => ({
  ...collected,
  cost: { ...collected.cost, gpuSeconds },
});

const CHILD = {
  parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
  cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
};

/** Stages of one contestant have one collection. */
function only(collected: Collected[]): Collected {
  const [first] = collected;
  if (!first) throw new Error('a stage that plays episodes has no collection');
  return first;
}

const now = (): string => new Date().toISOString();
