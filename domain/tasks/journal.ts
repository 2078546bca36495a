import { z } from 'zod';
import { Usage } from '../../schemas/modelCall';

/** What an author answered to one prompt. */
export const AuthorAnswer = z.strictObject({
  text: z.string(),
  /** The name the provider answered with. */
  snapshot: z.string(),
  promptDigest: z.string(),
  usage: Usage,
});
export type AuthorAnswer = z.infer<typeof AuthorAnswer>;

/**
 * An answer with the attempt it belongs to. The answers alone decide a generation, so a list of these entries, in any
 * order, is all that resuming needs: an attempt that has an entry is not asked again.
 */
export const JournalEntry = z.strictObject({
  slot: z.number().int().nonnegative(),
  attempt: z.number().int().nonnegative(),
  keyword: z.string(),
  answer: AuthorAnswer,
});
export type JournalEntry = z.infer<typeof JournalEntry>;
