const LONGEST = 60;

/** A value that is too long for a line, cut. */
export const shortened = (value: string, longest = LONGEST): string =>
  value.length > longest ? `${value.slice(0, longest)}…` : value;
