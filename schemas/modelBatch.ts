import { z } from 'zod';
import { Sha256 } from './artifact';
import { ModelSpec } from './model';

/** Questions that a provider answers together at its batch price, as they are kept while and after they are asked. */
export const ModelBatch = z.strictObject({
  /** Names the batch here and, in its metadata, with the provider. */
  id: z.string(),
  model: ModelSpec,
  /** The stage whose work it is. */
  stage: z.string(),
  /** Blob with the digests of the questions: their `custom_id`. */
  questions: Sha256,
  /** When the first of them was asked first, be it in an earlier batch. Deadlines count from here. ISO 8601. */
  since: z.iso.datetime(),
  state: z.discriminatedUnion('is', [
    /** Somebody sends it to the provider, and has said so since `seen`. */
    z.strictObject({ is: z.literal('sending'), seen: z.iso.datetime() }),
    /** The provider works on it under this name. */
    z.strictObject({ is: z.literal('sent'), batch: z.string() }),
    /** Blob with the provider's lines of answers and errors. */
    z.strictObject({ is: z.literal('ended'), batch: z.string(), answers: Sha256 }),
  ]),
});
export type ModelBatch = z.infer<typeof ModelBatch>;

/** All batches of a campaign, the oldest first. */
export const ModelBatches = z.array(ModelBatch);

/** Digests of questions. */
export const QuestionIds = z.array(Sha256);

/** One line of a batch's output or error file (OpenAI API reference, "Batch"). */
export const AnswerLine = z.looseObject({
  custom_id: z.string(),
  response: z.looseObject({ status_code: z.number().int(), body: z.looseObject({}).nullish() }).nullish(),
  error: z.looseObject({ code: z.string().nullish(), message: z.string().nullish() }).nullish(),
});
export type AnswerLine = z.infer<typeof AnswerLine>;
