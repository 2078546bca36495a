/** A well-known form of something that may not go out. */
export interface Pattern {
  kind: string;
  /** Global; the group `value` is what is meant, else the whole match. */
  expression: RegExp;
  /** Checks what an expression cannot, such as a check digit. */
  isReal?: (value: string) => boolean;
}
