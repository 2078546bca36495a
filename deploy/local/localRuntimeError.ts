/** What can go wrong with the local runtime. */
export type LocalRuntimeErrorCode =
  /** A program or a built file is not there. */
  | 'TOOL_MISSING'
  /** A port that was asked for by number is in use. */
  | 'PORT_BUSY'
  /** A part ended before it was ready, was not ready in time, or died too often. */
  | 'PART_FAILED'
  /** The state directory cannot be used, or what it records cannot be read. */
  | 'STATE_UNUSABLE'
  /** Another process holds the state directory and does not get ready, or does not end. */
  | 'STATE_HELD'
  /** The caller called the start off. */
  | 'START_CANCELLED';

/** A failure of the local runtime: what happened to what, and what to do about it. */
export class LocalRuntimeError extends Error {
  constructor(
    readonly code: LocalRuntimeErrorCode,
    message: string,
    readonly hint: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'LocalRuntimeError';
  }
}
