/** An error as the OpenAI API answers it (API reference, "Error codes"). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly param: string | null = null,
    private readonly type: string = status >= 500 ? 'server_error' : 'invalid_request_error',
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }

  /** The answer's body. */
  body(): object {
    return { error: { message: this.message, type: this.type, param: this.param, code: this.code } };
  }
}
