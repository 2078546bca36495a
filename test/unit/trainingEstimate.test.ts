import { estimateTraining, trainedWeights } from '../../domain/training/estimate';
import { modelShapeOf, parametersOf } from '../../domain/training/modelShape';
import { TrainingRecipe } from '../../schemas/training';

const MISTRAL = shape({
  hidden_size: 4096,
  num_hidden_layers: 32,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  intermediate_size: 14336,
  vocab_size: 32000,
});
const QWEN = shape({
  hidden_size: 3584,
  num_hidden_layers: 28,
  num_attention_heads: 28,
  num_key_value_heads: 4,
  intermediate_size: 18944,
  vocab_size: 152064,
});
const SMOL = shape({
  hidden_size: 576,
  num_hidden_layers: 30,
  num_attention_heads: 9,
  num_key_value_heads: 3,
  intermediate_size: 1536,
  vocab_size: 49152,
  tie_word_embeddings: true,
});
const GB = 1e9;

function shape(config: object) {
  const read = modelShapeOf(config);
  if (!read) throw new Error('not a shape');
  return read;
}

const recipe = (changes: object) =>
  TrainingRecipe.parse({ epochs: 20, tokensPerBatch: 4096, precision: 'bfloat16', ...changes });
const qlora = (changes: object = {}) => recipe({ method: 'qlora', lora: {}, ...changes });

const bytes = (of: TrainingRecipe, model = MISTRAL) => estimateTraining(of, model, 1000, 500_000).bytes;
const seconds = (of: TrainingRecipe, tokens = 500_000) =>
  estimateTraining(of, MISTRAL, tokens / 500, tokens).gpuSeconds;

describe('the size of a model', () => {
  it.each([
    ['Mistral-7B', MISTRAL, 7.241e9],
    ['Qwen2.5-7B', QWEN, 7.615e9],
    ['SmolLM2-135M', SMOL, 134.5e6],
  ])('of %s is what its card says, within a thousandth', (_name, model, parameters) => {
    expect(Math.abs(parametersOf(model) / parameters - 1)).toBeLessThan(1e-3);
  });

  it('of an adapter is what PEFT counts for rank 8 on q_proj and v_proj of Mistral-7B', () => {
    expect(trainedWeights(qlora(), MISTRAL)).toBe(3_407_872);
  });

  it('is not guessed for a model of another kind', () => {
    expect(modelShapeOf({ model_type: 'mamba', hidden_size: 8 })).toBeNull();
  });
});

describe('memory before the start', () => {
  it('says that QLoRA of rank 8 on a model of 7 billion weights fits 24 GB, by the paper’s batches', () => {
    expect(estimateTraining(qlora(), MISTRAL, 1000, 500_000, 'nvidia-rtx-4090').fits).toBe(true);
    expect(bytes(qlora({ tokensPerBatch: 16_384 }))).toBeLessThan(24 * GB);
  });

  it('says that all its weights in bfloat16 with Adam do not fit 80 GB', () => {
    expect(estimateTraining(recipe({}), MISTRAL, 1000, 500_000, 'nvidia-h100').fits).toBe(false);
    expect(bytes(recipe({}))).toBeGreaterThan(100 * GB);
  });

  it('of LoRA is at least the weights in their precision, of QLoRA about a quarter of that', () => {
    const small = { tokensPerBatch: 256 };
    expect(bytes(recipe({ method: 'lora', lora: {}, ...small }))).toBeGreaterThan(14.5 * GB);
    expect(bytes(qlora(small))).toBeGreaterThan(4 * GB);
    expect(bytes(qlora(small))).toBeLessThan(7 * GB);
  });

  it('grows with the batch, and less so where activations are recomputed', () => {
    const kept = (tokensPerBatch: number, gradientCheckpointing: boolean) =>
      bytes(qlora({ tokensPerBatch, gradientCheckpointing }));
    const grows = (recomputed: boolean) => kept(8192, recomputed) - kept(4096, recomputed);
    expect(grows(true)).toBeGreaterThan(0);
    expect(grows(false)).toBeGreaterThan(3 * grows(true));
  });
});

describe('time before the start', () => {
  it('of all weights is within the range of six FLOP a weight and token at usual shares of the peak', () => {
    const { low, high } = seconds(recipe({ epochs: 1, gradientCheckpointing: false }), 100_000_000);
    const usual = (6 * 7.24e9 * 100_000_000) / (312e12 * 0.4);
    expect(low).toBeLessThan(usual);
    expect(high).toBeGreaterThan(usual);
    expect(high / low).toBeLessThan(4);
  });

  it('counts passes by the tokens of the data, steps by those of the batches', () => {
    const tenPasses = seconds(qlora({ epochs: 10 })).low;
    expect(seconds(qlora({ epochs: 20 })).low).toBeGreaterThan(1.8 * tenPasses);
    const steps = (count: number) => qlora({ epochs: undefined, steps: count });
    expect(seconds(steps(100), 1_000)).toEqual(seconds(steps(100), 1_000_000));
    expect(seconds(steps(200)).low).toBeGreaterThan(1.8 * seconds(steps(100)).low);
  });

  it('of an adapter is less than of all weights', () => {
    const lora = recipe({ method: 'lora', lora: {} });
    expect(seconds(lora).low).toBeLessThan(seconds(recipe({})).low);
  });
});
