import type { TrainingRecipe } from '../../schemas/training';
import { ACCELERATORS, type AcceleratorName } from './accelerators';
import { linearMapsOf, linearWeightsOf, type ModelShape, parametersOf } from './modelShape';

export interface TrainingEstimate {
  /** Of one device; between the best and the worst that is to be expected. */
  gpuSeconds: { low: number; high: number };
  /** Highest use of its memory. */
  bytes: number;
  /** Whether that is less than the device has. */
  fits: boolean;
}

/**
 * Time and memory of a training before it starts.
 * @param rows training rows of a pass @param tokens tokens of a pass, padding not counted
 */
export function estimateTraining(
  recipe: TrainingRecipe,
  shape: ModelShape,
  rows: number,
  tokens: number,
  accelerator: AcceleratorName = 'nvidia-a100',
): TrainingEstimate {
  const bytes = memoryOf(recipe, shape, accelerator);
  return {
    gpuSeconds: secondsOf(recipe, shape, rows, tokens, accelerator),
    bytes,
    fits: bytes <= ACCELERATORS[accelerator].memory,
  };
}

/** Share of the device's peak that training reaches; unpacking nf4 weights costs a part of it. Assumed, not measured. */
const SHARE_OF_PEAK = { full: [0.2, 0.5], lora: [0.2, 0.5], qlora: [0.12, 0.4] } as const;
/** Share of a batch that is padding at worst; rows of one length come together. */
const MOST_PADDING = 0.2;
/** Loading libraries and weights, and writing the policy, seconds. */
const AROUND = { low: 10, high: 180 };

function secondsOf(
  recipe: TrainingRecipe,
  shape: ModelShape,
  rows: number,
  tokens: number,
  accelerator: AcceleratorName,
): TrainingEstimate['gpuSeconds'] {
  const [worst, best] = SHARE_OF_PEAK[recipe.method];
  const flops = flopsPerToken(recipe, shape, tokens / Math.max(1, rows), accelerator);
  const atPeak = flops / ACCELERATORS[accelerator].peak[recipe.precision];
  const [fewest, most] = trainedTokens(recipe, tokens);
  return { low: (fewest * atPeak) / best + AROUND.low, high: (most * atPeak) / worst + AROUND.high };
}

/** Tokens computed at least and at most, padding included. */
function trainedTokens(recipe: TrainingRecipe, tokens: number): [number, number] {
  const { steps, epochs, tokensPerBatch, gradientAccumulation } = recipe;
  // A batch is filled until the next row would be too much.
  if (steps !== undefined) {
    const full = steps * gradientAccumulation * tokensPerBatch;
    return [full * (1 - MOST_PADDING), full];
  }
  const taught = (epochs ?? 1) * tokens;
  return [taught, taught / (1 - MOST_PADDING)];
}

/**
 * Two FLOP a weight forward (Kaplan et al. 2020, §2.1) and causal attention; backward the same for what flows through,
 * once more for the gradients of trained weights; once more forward where activations are recomputed.
 */
function flopsPerToken(
  recipe: TrainingRecipe,
  shape: ModelShape,
  rowLength: number,
  accelerator: AcceleratorName,
): number {
  const weights = linearWeightsOf(shape) + shape.vocabulary * shape.hiddenSize;
  const attention = 2 * shape.layers * shape.queries * rowLength;
  const backward = recipe.method === 'full' ? 2 : 1;
  return (2 * weights + attention) * (1 + backward + (isRecomputed(recipe, accelerator) ? 1 : 0));
}

const isRecomputed = ({ gradientCheckpointing }: TrainingRecipe, accelerator: AcceleratorName): boolean =>
  gradientCheckpointing ?? accelerator !== 'cpu-core';

/** Bytes of a number. */
const SIZE = { float32: 4, bfloat16: 2 };
/** Four bits, and per block of 64 one byte of scale, whose own scales are float32 per 256 (Dettmers et al. 2023, §3). */
const NF4_SIZE = 0.5 + 1 / 64 + 4 / (64 * 256);
/** A trained weight's gradient and Adam's two moments, float32. */
const TRAINED_SIZE = 3 * SIZE.float32;
/** What is allocated but unusable, and what the device's driver and libraries take. */
const FRAGMENTS = 0.1;
const DRIVER_BYTES = 1.5 * 2 ** 30;

function memoryOf(recipe: TrainingRecipe, shape: ModelShape, accelerator: AcceleratorName): number {
  const trained = trainedWeights(recipe, shape);
  const numbers =
    weightBytes(recipe, shape) + trained * TRAINED_SIZE + activationBytes(recipe, shape, accelerator);
  return numbers * (1 + FRAGMENTS) + (accelerator === 'cpu-core' ? 0 : DRIVER_BYTES);
}

/** What is trained is float32; computing in bfloat16 keeps a copy of it. */
function weightBytes(recipe: TrainingRecipe, shape: ModelShape): number {
  const { method, precision } = recipe;
  const all = parametersOf(shape);
  if (method === 'full') return all * (SIZE.float32 + (precision === 'bfloat16' ? SIZE.bfloat16 : 0));
  const quantised = method === 'qlora' ? linearWeightsOf(shape) : 0;
  const adapter = trainedWeights(recipe, shape) * SIZE.float32;
  return quantised * NF4_SIZE + (all - quantised) * SIZE[precision] + adapter;
}

/** Weights that get gradients: all, or the adapter's. */
export function trainedWeights({ lora }: TrainingRecipe, shape: ModelShape): number {
  if (!lora) return parametersOf(shape);
  const maps = linearMapsOf(shape);
  const perRank = lora.targetModules.reduce((sum, name) => sum + (maps[name] ?? [0, 0]).reduce(add), 0);
  return shape.layers * lora.rank * perRank;
}

/**
 * What a batch keeps for the backward pass: the inputs of each layer's norms, linear maps and products, and the
 * logits with their gradients in float32, at worst at every token.
 */
function activationBytes(recipe: TrainingRecipe, shape: ModelShape, accelerator: AcceleratorName): number {
  const { hiddenSize, layers, queries, keys, feedForward, vocabulary } = shape;
  const layer = 4 * hiddenSize + 3 * queries + 3 * keys + 4 * feedForward;
  const kept = isRecomputed(recipe, accelerator) ? layers * hiddenSize + layer : layers * layer;
  return recipe.tokensPerBatch * (kept * SIZE[recipe.precision] + 3 * vocabulary * SIZE.float32);
}

const add = (one: number, other: number): number => one + other;
