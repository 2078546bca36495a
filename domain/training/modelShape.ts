import { z } from 'zod';

/** What of a Hugging Face config.json decides a decoder's size (Llama, Mistral, Qwen2 and their like). */
const ModelConfig = z
  .object({
    hidden_size: z.number().int().min(1),
    num_hidden_layers: z.number().int().min(1),
    num_attention_heads: z.number().int().min(1),
    num_key_value_heads: z.number().int().min(1).nullish(),
    head_dim: z.number().int().min(1).nullish(),
    intermediate_size: z.number().int().min(1),
    vocab_size: z.number().int().min(1),
    tie_word_embeddings: z.boolean().nullish(),
  })
  .transform((config) => ({
    hiddenSize: config.hidden_size,
    layers: config.num_hidden_layers,
    queries: config.num_attention_heads * headSize(config),
    /** Size of a token's keys in a layer, and of its values: smaller than `queries` where heads share them. */
    keys: (config.num_key_value_heads ?? config.num_attention_heads) * headSize(config),
    feedForward: config.intermediate_size,
    vocabulary: config.vocab_size,
    tiedEmbeddings: config.tie_word_embeddings ?? false,
  }));

const headSize = (config: {
  hidden_size: number;
  num_attention_heads: number;
  head_dim?: number | null | undefined;
}) => config.head_dim ?? config.hidden_size / config.num_attention_heads;

/** Sizes of a decoder-only transformer, in numbers a token. */
export type ModelShape = z.infer<typeof ModelConfig>;

/** The shape that a config.json describes; null when it is of another kind of model. */
export const modelShapeOf = (config: unknown): ModelShape | null =>
  ModelConfig.safeParse(config).data ?? null;

/** `[inputs, outputs]` of each linear map of a layer, by the name that recipes give it. */
export const linearMapsOf = ({
  hiddenSize,
  queries,
  keys,
  feedForward,
}: ModelShape): Record<string, [number, number]> => ({
  q_proj: [hiddenSize, queries],
  k_proj: [hiddenSize, keys],
  v_proj: [hiddenSize, keys],
  o_proj: [queries, hiddenSize],
  gate_proj: [hiddenSize, feedForward],
  up_proj: [hiddenSize, feedForward],
  down_proj: [feedForward, hiddenSize],
});

/** Weights in the linear maps of all layers: what is multiplied for each token, and what nf4 quantises. */
export const linearWeightsOf = (shape: ModelShape): number =>
  shape.layers * Object.values(linearMapsOf(shape)).reduce((sum, [from, to]) => sum + from * to, 0);

/** All weights; biases, fewer than one in a thousand, are left out. */
export function parametersOf(shape: ModelShape): number {
  const { hiddenSize, layers, vocabulary, tiedEmbeddings } = shape;
  const norms = (2 * layers + 1) * hiddenSize;
  return linearWeightsOf(shape) + norms + vocabulary * hiddenSize * (tiedEmbeddings ? 1 : 2);
}
