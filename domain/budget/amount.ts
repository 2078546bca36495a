import type { Amount } from '../../schemas/ledger';

export const NOTHING: Amount = { calls: 0, nanodollars: 0 };

export const plus = (a: Amount, b: Amount): Amount => ({
  calls: a.calls + b.calls,
  nanodollars: a.nanodollars + b.nanodollars,
});

export const minus = (a: Amount, b: Amount): Amount => ({
  calls: a.calls - b.calls,
  nanodollars: a.nanodollars - b.nanodollars,
});

export const times = (a: Amount, factor: number): Amount => ({
  calls: a.calls * factor,
  nanodollars: a.nanodollars * factor,
});

export const most = (a: Amount, b: Amount): Amount => ({
  calls: Math.max(a.calls, b.calls),
  nanodollars: Math.max(a.nanodollars, b.nanodollars),
});

export const covers = (a: Amount, b: Amount): boolean => a.calls >= b.calls && a.nanodollars >= b.nanodollars;

export const isNothing = ({ calls, nanodollars }: Amount): boolean => calls === 0 && nanodollars === 0;

export const sum = (amounts: readonly Amount[]): Amount => amounts.reduce(plus, NOTHING);
