import type { Batching } from '../../../schemas/model';
import type { Plan, Stage } from '../../../schemas/plan';
import type { PlanPrices } from '../../../schemas/price';
import { costOf } from '../../prices/cost';
import { plannedPrice } from '../../prices/priceTable';
import { ACCELERATORS, type AcceleratorName } from '../../training/accelerators';
import type { ModelShape } from '../../training/modelShape';
import type { Asking } from './asking';
import { askingOf } from './forecastStage';
import { trainingSeconds } from './forecastTraining';
import { exactly, type Range, range, sumRanges } from './range';

export interface StageForecast {
  stage: string;
  asking: Asking[];
  /** From the stage's start to its end, with all workers that it can use. */
  seconds: Range;
  /** Of devices that train, and that serve policies while they play. */
  training: Range;
  serving: Range;
}

export interface PlanForecast {
  stages: StageForecast[];
  accelerator: AcceleratorName;
  /** The longest chain of stages that wait for one another. */
  seconds: Range;
  training: Range;
  serving: Range;
  /** Nanodollars for models; and for devices, null where their price is not known. */
  models: Range;
  devices: Range | null;
  /** Models without a price, simulated ones not counted. */
  unpriced: string[];
}

/** Seconds until an answer begins, and tokens of it a second, of a provider or an engine under load. Assumed. */
const WAIT: Range = { low: 0.3, expected: 0.8, high: 2 };
const SPEED: Range = { low: 100, expected: 50, high: 20 };
/** Prompts that an author is sent at once. */
const TASKS_AT_ONCE = 32;
/** Seconds until a provider's batch is answered; at worst until its deadline. Assumed. */
const BATCH_SECONDS = { low: 600, expected: 3_600 };
/** Starting and ending a stage. */
const AROUND_SECONDS: Range = { low: 1, expected: 3, high: 10 };
/** Of a conversation's prompts, what a provider's cache gives at a discount at best. */
const MOST_CACHED = 0.7;

/** @param shape of the policies; null where it is not known, and trainings are left out */
export function forecastPlan(plan: Plan, shape: ModelShape | null): PlanForecast {
  const accelerator = acceleratorOf(plan);
  const stages = plan.stages.map((stage) => forecastStage(plan, stage, shape, accelerator));
  const [training, serving] = [
    sumRanges(stages.map((one) => one.training)),
    sumRanges(stages.map((one) => one.serving)),
  ];
  const asking = stages.flatMap((one) => one.asking);
  const gpu = plan.prices?.gpu;
  return {
    stages,
    accelerator,
    seconds: range((level) => longestChain(plan, stages, level)),
    training,
    serving,
    models: sumRanges(asking.map((one) => moneyFor(one, plan))),
    devices: gpu
      ? range((level) => Math.round((training[level] + serving[level]) * gpu.nanodollarsPerSecond))
      : null,
    unpriced: unpricedOf(asking, plan.prices),
  };
}

function forecastStage(
  plan: Plan,
  stage: Stage,
  shape: ModelShape | null,
  accelerator: AcceleratorName,
): StageForecast {
  const { episodes } = stage.estimate;
  const asking = askingOf({ ...stage, episodes });
  const training =
    stage.kind === 'trainPolicy' && shape ? trainingSeconds(plan, stage, shape, accelerator) : exactly(0);
  const atOnce = stage.kind === 'prepareTasks' ? TASKS_AT_ONCE : Math.min(plan.episodesInFlight, episodes);
  const prompt = asking.filter(({ role }) => !batchingOf(plan, role));
  const answering = range(
    (level) => AROUND_SECONDS[level] + training[level] + waitFor(prompt, level) / Math.max(1, atOnce),
  );
  const seconds = sumRanges([answering, ...asking.map(({ role }) => waitForBatch(batchingOf(plan, role)))]);
  const serves = asking.some(({ role }) => role === 'policy');
  return { stage: stage.id, asking, seconds, training, serving: serves ? answering : exactly(0) };
}

const batchingOf = ({ batching }: Pick<Plan, 'batching'>, role: Asking['role']): Batching | undefined =>
  role === 'judge' || role === 'author' ? batching?.[role] : undefined;

const waitForBatch = (batching: Batching | undefined): Range =>
  batching ? { ...BATCH_SECONDS, high: Math.max(3_600, batching.deadlineHours * 3_600) } : exactly(0);

const waitFor = (asking: readonly Asking[], level: keyof Range): number =>
  asking.reduce(
    (sum, one) => sum + one.calls[level] * WAIT[level] + one.outputTokens[level] / SPEED[level],
    0,
  );

/**
 * What is expected to be asked of a model, in nanodollars; nothing where it has no price. Batches are all answered,
 * or none of them at worst.
 */
export function moneyFor(asking: Asking, plan: Pick<Plan, 'prices' | 'batching'>): Range {
  const { role, model, inputTokens, outputTokens } = asking;
  const price = model && plannedPrice(plan.prices, model);
  if (!price) return exactly(0);
  const talks = role === 'expert' || role === 'partner';
  return range((level) => {
    const [input, output] = [Math.round(inputTokens[level]), Math.round(outputTokens[level])];
    const cachedTokens = level === 'low' && talks ? Math.round(MOST_CACHED * input) : 0;
    const isBatched = level !== 'high' && batchingOf(plan, role) !== undefined;
    return costOf({ inputTokens: input, outputTokens: output, cachedTokens }, price, isBatched);
  });
}

function unpricedOf(asking: readonly Asking[], prices: PlanPrices | undefined): string[] {
  const models = asking.flatMap(({ model }) =>
    model && !model.simulated && !plannedPrice(prices, model) ? [`${model.model} at ${model.baseUrl}`] : [],
  );
  return [...new Set(models)];
}

function longestChain({ stages }: Plan, forecasts: readonly StageForecast[], level: keyof Range): number {
  const ends = new Map<string, number>();
  for (const [index, { id, inputs }] of stages.entries()) {
    const starts = Object.values(inputs).map((input) => ends.get(input.stage) ?? 0);
    ends.set(id, Math.max(0, ...starts) + (forecasts[index]?.seconds[level] ?? 0));
  }
  return Math.max(0, ...ends.values());
}

/** The GPU that is named; a policy made from nothing is small enough for a core. */
function acceleratorOf({ prices, stages }: Plan): AcceleratorName {
  const named = prices?.gpu?.name;
  if (named !== undefined && isAccelerator(named)) return named;
  return stages.some(({ kind }) => kind === 'importCorpus') ? 'cpu-core' : 'nvidia-a100';
}

const isAccelerator = (name: string): name is AcceleratorName => name in ACCELERATORS;
