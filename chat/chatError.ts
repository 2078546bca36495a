/** Something that keeps a chat from starting or from going on, and that the user can put right. */
export class ChatError extends Error {
  override readonly name = 'ChatError';
}

/** The message of a ChatError or of an activity's failure (models, policies, configuration); undefined of other errors. */
export const explainedInChat = (error: unknown): string | undefined =>
  error instanceof Error && ['ChatError', 'ApplicationFailure'].includes(error.name)
    ? error.message
    : undefined;
