/** Something the user can put right; printed without a stack. */
export class CommandError extends Error {
  override readonly name = 'CommandError';

  constructor(
    message: string,
    options?: ErrorOptions & {
      /** 1: the command failed. 2: it was not usable as given, and nothing was started. 130: interrupted. */
      exitCode?: 1 | 2 | 130;
    },
  ) {
    super(message, options);
    this.exitCode = options?.exitCode ?? 1;
  }

  readonly exitCode: 1 | 2 | 130;
}
