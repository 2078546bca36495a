import type { CommitStageInput, PlanOutline } from '../activities/stages';
import type { StageOutcome, StageWork } from '../activities/support/stageWork';
import type { ArtifactRef } from '../schemas/artifact';
import type { StageCost, StageKind, StageResult } from '../schemas/plan';
import { general, prepareTasks, trainPolicy } from './activityProxies';
import { type Collected, collectEpisodes } from './collection';
import type { StageProgress, TrainingCampaignInput } from './messages';
import { PolicyServing } from './policyServing';

type OutlinedStage = PlanOutline['stages'][number];

/** Runs the stages of one campaign. A stage key is computed at most once, however many stages share it. */
export class StageRunner {
  private readonly serving = new PolicyServing();
  private readonly computing = new Map<string, Promise<StageResult>>();

  constructor(
    private readonly campaign: TrainingCampaignInput,
    private readonly episodesInFlight: number,
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
    const computing = this.compute(
      stage,
      { ...this.campaign, stage: stage.id, key, inputs },
      startedAt,
      progress,
    );
    this.computing.set(key, computing);
    const result = await computing;
    Object.assign(progress, { state: 'finished', finishedAt: now(), counts: result.counts });
    return result;
  }

  private reuse(result: StageResult, progress: StageProgress): StageResult {
    const { planned } = progress.episodes;
    Object.assign(progress, { state: 'reused', finishedAt: now(), counts: result.counts });
    progress.episodes = { finished: planned, planned };
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
          counts: { episodes: rest.played, unrated: rest.unrated, unparsable: rest.unparsable },
          cost: rest.cost,
        };
      }
      case 'evaluatePolicy': {
        const { episodes, cost } = only(await this.collect(work, progress));
        return { ...(await general.summariseEvaluation({ ...work, episodes })), cost };
      }
      case 'chooseCheckpoint': {
        const collected = await this.collect(work, progress);
        const collections = collected.map(({ episodes }) => episodes);
        return { ...(await general.chooseCheckpoint({ ...work, collections })), cost: sumCosts(collected) };
      }
    }
  }

  /** Plays all collections of a stage, each while its policies are served. */
  private async collect(work: StageWork, progress: StageProgress): Promise<Collected[]> {
    const collections = await general.designEpisodes(work);
    progress.episodes.planned = collections.reduce((sum, { episodes }) => sum + episodes, 0);
    return Promise.all(
      collections.map((collection, index) =>
        this.serving.use(collection.policies, () =>
          collectEpisodes(collection, {
            stage: work.stage,
            label: collections.length > 1 ? `/${index}` : '',
            inFlight: this.episodesInFlight,
            onProgress: (finished) => {
              progress.episodes.finished += finished;
            },
          }),
        ),
      ),
    );
  }
}

/** Stages of one contestant have one collection. */
function only(collected: Collected[]): Collected {
  const [first] = collected;
  if (!first) throw new Error('a stage that plays episodes has no collection');
  return first;
}

const now = (): string => new Date().toISOString();

function sumCosts(collected: Collected[]): StageCost {
  return collected.reduce(
    (sum, { cost }) => ({
      calls: sum.calls + cost.calls,
      inputTokens: sum.inputTokens + cost.inputTokens,
      outputTokens: sum.outputTokens + cost.outputTokens,
      gpuSeconds: sum.gpuSeconds + cost.gpuSeconds,
    }),
    { calls: 0, inputTokens: 0, outputTokens: 0, gpuSeconds: 0 },
  );
}
