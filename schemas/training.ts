import { z } from 'zod';
import { ArtifactRef } from './artifact';
import { Position } from './episode';

export const ChatMessage = z.strictObject({
  role: z.enum(['system', 'user', 'assistant']),
  content: z.string(),
});
export type ChatMessage = z.infer<typeof ChatMessage>;

/** One training example: the loss is on the assistant's messages only. */
export const TrainingRow = z.strictObject({
  id: z.string(),
  messages: z.array(ChatMessage).min(2),
});
export type TrainingRow = z.infer<typeof TrainingRow>;

/** A row made from a dialogue says which side of which episode it teaches. */
const TaughtRow = TrainingRow.extend({ episode: z.string(), position: Position });
export const DialogueRow = TaughtRow.extend({
  /** How much it counts in weighted-sft, by its rating. */
  weight: z.number().gt(0).optional(),
  /** What dpo prefers it to: the same side of the same task in a worse episode. */
  rejected: TaughtRow.optional(),
});
export type DialogueRow = z.infer<typeof DialogueRow>;

/** What a dataset's rows carry besides messages; rows for plain fine-tuning carry nothing. */
export const DatasetForm = z.discriminatedUnion('form', [
  z.strictObject({ form: z.literal('weighted'), temperature: z.number().gt(0) }),
  z.strictObject({ form: z.literal('preferences') }),
]);
export type DatasetForm = z.infer<typeof DatasetForm>;

const Lora = z.strictObject({
  rank: z.number().int().min(1).default(8).describe('Rank of the adapter. Default 8, as the paper.'),
  alpha: z.number().min(1).default(16).describe('Scale. Default 16, as the paper.'),
  dropout: z.number().min(0).lt(1).default(0.05).describe('Default 0.05, as the paper.'),
  targetModules: z
    .array(z.string())
    .min(1)
    .default(['q_proj', 'v_proj'])
    .describe('Default q_proj and v_proj, as the paper.'),
});

/** How weights are fitted. Exactly one of `steps` and `epochs`. */
export const TrainingRecipe = z
  .strictObject({
    method: z
      .enum(['full', 'lora', 'qlora'])
      .default('full')
      .describe(
        'What is fitted: all weights, a LoRA adapter, or (`qlora`) an adapter on weights that are held in 4 bits.',
      ),
    objective: z
      .enum(['sft', 'weighted-sft', 'dpo'])
      .default('sft')
      .describe(
        'What is minimised over the sides that the filter keeps. `sft`: their cross-entropy. `weighted-sft`: the same, each side counting by how far its goal score is above the mean of its task and position. `dpo`: direct preference optimisation of each over a side of the same task and position that the filter drops, with the policy that the round starts from as reference. Default sft.',
      ),
    weighting: z
      .strictObject({
        temperature: z
          .number()
          .gt(0)
          .default(2)
          .describe(
            'Goal points by which a side counts e times as much; no side counts more than 20. Default 2.',
          ),
      })
      .optional()
      .describe('For objective: weighted-sft.'),
    dpo: z
      .strictObject({
        beta: z
          .number()
          .gt(0)
          .default(0.1)
          .describe('How dear it is to leave the reference. Default 0.1, as the paper of DPO.'),
      })
      .optional()
      .describe('For objective: dpo.'),
    steps: z.number().int().min(1).optional().describe('Optimiser steps.'),
    epochs: z.number().gt(0).optional().describe('Passes over the data.'),
    tokensPerBatch: z
      .number()
      .int()
      .min(16)
      .default(1024)
      .describe('Tokens of a batch, padding included. Default 1024.'),
    gradientAccumulation: z
      .number()
      .int()
      .min(1)
      .default(1)
      .describe(
        'Batches per optimiser step; several GPUs of a worker share them, so at least one each. Default 1.',
      ),
    learningRate: z.number().gt(0).default(5e-5).describe('Peak learning rate. Default 5e-5, as the paper.'),
    schedule: z
      .enum(['constant', 'cosine', 'linear'])
      .default('cosine')
      .describe('After the warm-up. Default cosine.'),
    warmupRatio: z
      .number()
      .min(0)
      .max(1)
      .default(0.03)
      .describe('Share of the steps. Default 0.03, as the paper.'),
    weightDecay: z.number().min(0).default(0.01).describe('Of AdamW. Default 0.01, its usual.'),
    adamBeta2: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.999)
      .describe(
        'Decay of AdamW’s second moments. Default 0.999, its usual; less follows a short run faster.',
      ),
    maxGradientNorm: z
      .number()
      .gt(0)
      .default(1)
      .describe('Longer gradients are cut to this norm. Default 1.'),
    maxLength: z
      .number()
      .int()
      .min(16)
      .default(2048)
      .describe('Longest row in tokens. Default 2048, as Sotopia-π.'),
    lossOn: z
      .enum(['assistant', 'all'])
      .default('assistant')
      .describe('`assistant`: the agent’s own turns only.'),
    checkpointEvery: z.number().int().min(1).default(100).describe('Steps between checkpoints. Default 100.'),
    precision: z
      .enum(['float32', 'bfloat16'])
      .default('float32')
      .describe('What is computed in. Default float32; bfloat16 is many times as fast on a GPU.'),
    gradientCheckpointing: z
      .boolean()
      .optional()
      .describe(
        'Computes activations again in the backward pass: a fraction of the memory, about a third more time. Default: on a GPU only. Does not change results.',
      ),
    packing: z
      .boolean()
      .default(false)
      .describe(
        'Rows stand one behind the other in a batch instead of being padded; none sees another. Worth it on a GPU with rows of many lengths. Default false.',
      ),
    sharding: z
      .enum(['none', 'full'])
      .default('none')
      .describe(
        '`full`: weights, gradients and optimiser are spread over all GPUs of the worker (FSDP). Default none: each GPU holds them all. Changes results by rounding only.',
      ),
    onOutOfMemory: z
      .enum(['stop', 'halve'])
      .default('stop')
      .describe(
        '`halve`: starts over with half the tokens in a batch and twice the batches per step, as often as needed; which batch fits then decides the weights. Default stop.',
      ),
    lora: Lora.optional().describe('The adapter; with `method: lora` or `qlora`, and with them alone.'),
  })
  .refine(
    (recipe) => (recipe.steps === undefined) !== (recipe.epochs === undefined),
    'give exactly one of steps and epochs',
  )
  .refine(
    (recipe) => (recipe.method === 'full') === (recipe.lora === undefined),
    '`lora` goes with method: lora or qlora, and with them alone',
  )
  .refine(
    ({ objective, weighting, dpo }) =>
      (objective === 'weighted-sft') === (weighting !== undefined) &&
      (objective === 'dpo') === (dpo !== undefined),
    '`weighting` goes with objective: weighted-sft and `dpo` with objective: dpo, and with them alone',
  )
  .refine(
    ({ objective, packing }) => objective !== 'dpo' || !packing,
    'objective: dpo compares rows side by side, so packing is not for it',
  );
export type TrainingRecipe = z.infer<typeof TrainingRecipe>;

/** Shape of a model that starts from random weights. */
export const ModelArchitecture = z.strictObject({
  architecture: z.literal('llama').default('llama').describe('The one there is.'),
  hiddenSize: z.number().int().min(8).describe('Width of the residual stream.'),
  layers: z.number().int().min(1).describe('Blocks of attention and feed-forward.'),
  heads: z.number().int().min(1).describe('Attention heads; they divide `hiddenSize`.'),
  feedForward: z.number().int().min(8).describe('Width of the feed-forward layer.'),
  contextLength: z.number().int().min(32).describe('Tokens of the longest conversation.'),
  tokenizer: z
    .strictObject({
      kind: z.literal('words').describe('Its vocabulary is the corpus’s words.'),
      splitAtEquals: z
        .boolean()
        .default(false)
        .describe('`price=40` is two tokens, `price=` and `40`. Default false.'),
      composeValues: z
        .boolean()
        .default(false)
        .describe('The vector of `price=40` starts as the sum of those of `price=` and `40`. Default false.'),
    })
    .describe('How text becomes tokens.'),
  chatTemplate: z.literal('compact-v1').describe('The one there is.'),
});
export type ModelArchitecture = z.infer<typeof ModelArchitecture>;

/** One exported step of a training run, servable by itself. */
export const PolicyCheckpoint = z.strictObject({
  step: z.number().int(),
  /** Without its address, so that the list is the same bytes in every bucket. */
  policy: ArtifactRef.omit({ uri: true }),
});
export type PolicyCheckpoint = z.infer<typeof PolicyCheckpoint>;
