/** A setup that cannot go on: what happened, and what the reader can do about it. */
export class SetupError extends Error {
  /** @param {string} message @param {string} [hint] */
  constructor(message, hint) {
    super(message);
    this.name = 'SetupError';
    this.hint = hint;
  }
}
