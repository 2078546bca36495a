const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** `12,600`. */
export const count = (value: number): string => grouped.format(value);

/** `950`, `12.6 k`, `4.1 M`: three digits are enough for an estimate. */
export function approximately(value: number): string {
  for (const [size, unit] of [
    [1e9, ' G'],
    [1e6, ' M'],
    [1e4, ' k'],
  ] as const) {
    const scale = unit === ' k' ? 1e3 : size;
    if (value >= size) return `${(value / scale).toFixed(value / scale < 100 ? 1 : 0)}${unit}`;
  }
  return count(value);
}

/** `5.04`; never `-0.00`. */
export const decimals = (value: number): string => value.toFixed(2).replace(/^-(0\.00)$/, '$1');

/** `+0.51`, `-0.13`, `0.00`. */
export function signed(value: number): string {
  const text = decimals(value);
  return text.startsWith('-') || text === '0.00' ? text : `+${text}`;
}

export const percent = (share: number): string => `${Math.round(100 * share)} %`;

/** As papers print p: three decimals, or that it is smaller. */
export const probability = (p: number): string => (p < 0.001 ? '< 0.001' : p.toFixed(3));
