import { z } from 'zod';
import type { ModelArchitecture, TrainingRecipe } from './training';

/** The file a training process reads (design: trainer contract). Paths are local to the worker. */
export interface TrainingJob {
  method: TrainingRecipe['method'];
  model: { directory: string } | { initialise: ModelArchitecture };
  datasets: string[];
  lossOn: 'assistant' | 'all';
  recipe: Omit<TrainingRecipe, 'method' | 'lossOn' | 'onOutOfMemory' | 'weighting'> & { seed: number };
  workDirectory: string;
  resumeFrom: string | null;
}

/** What a training process says on its standard output, one JSON document a line. */
export const TrainerEvent = z.discriminatedUnion('event', [
  z.looseObject({
    event: z.literal('started'),
    parameters: z.number(),
    rows: z.number(),
    steps: z.number(),
    resumedAtStep: z.number(),
  }),
  z.looseObject({
    event: z.literal('progress'),
    step: z.number(),
    steps: z.number(),
    loss: z.number(),
    tokensPerSecond: z.number(),
  }),
  z.looseObject({
    event: z.literal('checkpoint'),
    directory: z.string(),
    policy: z.string(),
    step: z.number(),
  }),
  z.looseObject({
    event: z.literal('done'),
    directory: z.string(),
    step: z.number(),
    metrics: z.record(z.string(), z.unknown()),
  }),
  z.looseObject({
    event: z.literal('error'),
    code: z.string(),
    message: z.string(),
    hint: z.string().optional(),
  }),
]);
export type TrainerEvent = z.infer<typeof TrainerEvent>;
