/** Money is counted in nanodollars, so that every sum is exact. */
export const nanodollars = (dollars: number): number => Math.round(dollars * 1e9);

/** `$12.35`; below a cent, as many decimals as it takes to show something. */
export function dollars(nanodollars: number): string {
  const amount = nanodollars / 1e9;
  if (amount === 0 || Math.abs(amount) >= 0.01) return `$${amount.toFixed(2)}`;
  return `$${amount.toPrecision(2).replace(/\.?0+$/, '')}`;
}
