/** A key that cannot be read or is of the wrong kind. */
export class SigningKeyError extends Error {
  override readonly name = 'SigningKeyError';
}
