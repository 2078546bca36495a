import { InvalidArgumentError } from 'commander';

/** An option's value: a whole number from 0. */
export function wholeNumber(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 0) return number;
  throw new InvalidArgumentError('expected a whole number from 0');
}
