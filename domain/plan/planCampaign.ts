import type { ArtifactRef } from '../../schemas/artifact';
import type { CampaignSpec, Round } from '../../schemas/campaign';
import { TASK_QUEUES } from '../../schemas/names';
import type { ParametersOf, Plan, Stage, StageKind, StagePlayer } from '../../schemas/plan';
import type { PriceTable } from '../../schemas/price';
import { LISTED_PRICES } from '../prices/priceTable';
import type { DatasetForm, TrainingRecipe } from '../../schemas/training';
import { seedOf } from '../random/seed';
import { isSimulated } from './modelsOf';
import { planLimits } from './planLimits';
import { planPrices } from './planPrices';
import { BASE, comparisonsOf, startingPoints } from './lineage';
import { estimateStage } from './estimate';
import { planSnapshots } from './snapshotPolicies';
import { askedModel, formAnsweringModel } from './askedModel';
import { planBatching } from './batching';
import { DEV, TEST, taskParameters } from './taskParameters';
import { CORPUS, evaluatedPolicies, evaluationOf, RESULTS, stagesOfRound, TASKS } from './stageIds';

/** The files a campaign file names, by their path in the spec (`tasks.profiles.agents`). */
export type CampaignFiles = Readonly<Record<string, ArtifactRef>>;

type Inputs = Stage['inputs'];
type Output = Inputs[string];

/**
 * The stages of a campaign, each after its inputs. A pure function of the spec and the digests of its files: the
 * workflow runs the plan, `pi-loop plan` prints it, the audit checks against it.
 */
export function planCampaign(
  campaign: string,
  spec: CampaignSpec,
  files: CampaignFiles,
  table: PriceTable = LISTED_PRICES,
): Plan {
  const planner = new Planner(spec, files);
  return {
    campaign,
    stages: planner.stages(),
    simulated: isSimulated(spec),
    episodesInFlight: spec.execution.episodesInFlight,
    ...planBatching(spec.models),
    limits: planLimits(spec.limits),
    ...planPrices(spec, table),
    ...planSnapshots(spec),
  };
}

/** What the rows must carry for a recipe's objective. */
function formOf({ weighting, dpo }: TrainingRecipe): { form?: DatasetForm } {
  if (dpo) return { form: { form: 'preferences' } };
  return weighting ? { form: { form: 'weighted', temperature: weighting.temperature } } : {};
}

class Planner {
  private readonly planned: Stage[] = [];
  private readonly policies = new Map<string, Output>();
  private readonly tasks: Output = { stage: TASKS, output: 'tasks' };

  constructor(
    private readonly spec: CampaignSpec,
    private readonly files: CampaignFiles,
  ) {}

  stages(): Stage[] {
    this.planBase();
    this.planTasks();
    for (const [round, from] of startingPoints(this.spec.rounds)) this.planRound(round, from);
    this.planEvaluations();
    return this.planned;
  }

  private add<K extends StageKind>(
    id: string,
    kind: K,
    parameters: ParametersOf<K>,
    inputs: Inputs,
    queue: Stage['queue'] = TASK_QUEUES.general,
    episodes = 0,
  ): void {
    const estimate = estimateStage({ kind, parameters }, episodes);
    const gate = this.spec.gates.find(({ before }) => before === id)?.ask ?? null;
    this.planned.push({ id, kind, parameters, inputs, queue, estimate, gate });
  }

  private planBase(): void {
    const { base } = this.spec.policy;
    if ('directory' in base) {
      this.add(BASE, 'importPolicy', { directory: this.file('policy.base.directory') }, {});
    } else {
      const { corpus, model, recipe } = base.pretrain;
      const source = 'url' in corpus ? corpus : { file: this.file('policy.base.pretrain.corpus.file') };
      this.add(CORPUS, 'importCorpus', { source }, {});
      const parameters = { recipe, initialise: model, seed: this.seed('train', BASE) };
      this.add(
        BASE,
        'trainPolicy',
        parameters,
        { dataset: { stage: CORPUS, output: 'corpus' } },
        TASK_QUEUES.gpuTrain,
      );
    }
    this.policies.set(BASE, { stage: BASE, output: 'policy' });
  }

  private planTasks(): void {
    const parameters = taskParameters(this.spec, (path) => this.file(path));
    this.add(TASKS, 'prepareTasks', parameters, {}, TASK_QUEUES.dialogue);
  }

  private planRound(round: Round, from: string): void {
    const split = round.tasksOf ?? round.name;
    const { collect, filter, train } = stagesOfRound(round.name);
    const player = round.kind === 'BC' ? this.expert() : this.policyPlayer();
    const policyInput = round.kind === 'SR' ? { policy: this.policy(round.collectWith ?? from) } : {};
    this.add(
      collect,
      'collectEpisodes',
      { ...this.play(split, round.pairsPerTask), players: [player, player] },
      { tasks: this.tasks, ...policyInput },
      TASK_QUEUES.dialogue,
      round.tasks * round.pairsPerTask,
    );
    this.add(
      filter,
      'filterEpisodes',
      {
        filter: round.filter,
        template: this.spec.policy.template,
        minimumRows: round.minimumRows,
        ...formOf(round.training),
        seed: this.seed('filter', split),
      },
      { episodes: { stage: collect, output: 'episodes' }, tasks: this.tasks },
    );
    this.add(
      train,
      'trainPolicy',
      { recipe: round.training, initialise: null, seed: this.seed('train', round.name) },
      { policy: this.policy(from), dataset: { stage: filter, output: 'dataset' } },
      TASK_QUEUES.gpuTrain,
    );
    this.policies.set(round.name, this.planCheckpoint(round, train, from));
  }

  private planCheckpoint(round: Round, train: string, from: string): Output {
    if (round.checkpoint.choose === 'last') return { stage: train, output: 'policy' };
    const { pairsPerTask, minimumGain, orKeep } = round.checkpoint;
    const { choose: id } = stagesOfRound(round.name);
    const checkpoints = Math.max(1, Math.floor((round.training.steps ?? 0) / round.training.checkpointEvery));
    this.add(
      id,
      'chooseCheckpoint',
      { ...this.play(DEV, pairsPerTask), partner: this.partner(), ...this.policySettings(), minimumGain },
      {
        checkpoints: { stage: train, output: 'checkpoints' },
        tasks: this.tasks,
        ...(orKeep ? { start: this.policy(from) } : {}),
      },
      TASK_QUEUES.dialogue,
      (checkpoints + (orKeep ? 1 : 0)) * this.spec.evaluation.devTasks * pairsPerTask * 2,
    );
    return { stage: id, output: 'policy' };
  }

  private planEvaluations(): void {
    const { evaluation } = this.spec;
    const policies = evaluatedPolicies(this.spec);
    for (const name of policies)
      this.planEvaluation(name, this.policyPlayer(), { policy: this.policy(name) });
    for (const name of evaluation.references) this.planEvaluation(name, this.expert(), {});
    const names = [...policies, ...evaluation.references];
    this.add(
      RESULTS,
      'compareEvaluations',
      {
        policies,
        references: evaluation.references,
        pairs: comparisonsOf(this.spec.rounds, new Set(policies)),
        simulated: isSimulated(this.spec),
        hardShare: evaluation.hardShare,
        bootstrapSamples: evaluation.bootstrapSamples,
        seed: this.seed('results'),
      },
      Object.fromEntries(names.map((name) => [name, { stage: evaluationOf(name), output: 'evaluation' }])),
    );
  }

  private planEvaluation(name: string, contestant: StagePlayer, inputs: Inputs): void {
    const { tasks, pairsPerTask } = this.spec.evaluation;
    this.add(
      evaluationOf(name),
      'evaluatePolicy',
      { ...this.play(TEST, pairsPerTask), name, contestant, partner: this.partner() },
      { tasks: this.tasks, ...inputs },
      TASK_QUEUES.dialogue,
      tasks * pairsPerTask * 2,
    );
  }

  private play(split: string, pairsPerTask: number) {
    return {
      split,
      pairsPerTask,
      rules: this.spec.episodes,
      judge: formAnsweringModel(this.spec.models.judge),
      seed: this.seed('play', split),
      unratedShare: this.spec.limits.unratedShare,
    };
  }

  private expert(): StagePlayer {
    const { expert } = this.spec.models;
    return { kind: 'model', model: askedModel(expert), template: expert.template };
  }

  private partner() {
    const { partner } = this.spec.models;
    return { model: askedModel(partner), template: partner.template };
  }

  private policySettings() {
    const { template, sampling } = this.spec.policy;
    return { template, sampling };
  }

  private policyPlayer(): StagePlayer {
    return { kind: 'policy', input: 'policy', ...this.policySettings() };
  }

  private policy(name: string): Output {
    const output = this.policies.get(name);
    if (!output)
      throw new Error(`No policy named "${name}" before its use; checkCampaign should have said so.`);
    return output;
  }

  private file(path: string): ArtifactRef {
    const file = this.files[path];
    if (!file) throw new Error(`The file of ${path} was not read before planning.`);
    return file;
  }

  private seed(...parts: string[]): number {
    return seedOf(this.spec.seed, ...parts);
  }
}
