import type { Interval } from '../../schemas/evaluation';
import { createRandom } from '../random';
import { mean } from './mean';

const LOW = 0.025;
const HIGH = 0.975;

/**
 * Means over clusters with 95 % percentile intervals, by resampling whole clusters with replacement (Efron and
 * Tibshirani 1993, §13.3). All series are resampled by the same draws.
 * @param series each a value per cluster, such as a metric's mean per task; all of one length, at least 1.
 * @param samples resamplings, at least 1.
 * @returns an interval a series; mean, low and high coincide when there is one cluster.
 */
export function bootstrapMeans(
  series: readonly (readonly number[])[],
  samples: number,
  seed: number,
): Interval[] {
  const clusters = series[0]?.length ?? 0;
  if (series.some((values) => values.length !== clusters)) {
    throw new RangeError('every series needs one value per cluster');
  }
  const resampled = resampledMeans(series, clusters, samples, seed);
  return series.map((values, index) => {
    const sorted = (resampled[index] ?? new Float64Array()).sort();
    return { mean: mean(values), low: quantile(sorted, LOW), high: quantile(sorted, HIGH) };
  });
}

function resampledMeans(
  series: readonly (readonly number[])[],
  clusters: number,
  samples: number,
  seed: number,
): Float64Array[] {
  const random = createRandom(seed);
  const columns = series.map((values) => Float64Array.from(values));
  const means = series.map(() => new Float64Array(samples));
  const drawn = new Int32Array(clusters);
  for (let sample = 0; sample < samples; sample += 1) {
    for (let i = 0; i < clusters; i += 1) drawn[i] = random.integer(clusters);
    columns.forEach((column, index) => {
      (means[index] as Float64Array)[sample] = meanAt(column, drawn);
    });
  }
  return means;
}

function meanAt(column: Float64Array, places: Int32Array): number {
  let sum = 0;
  for (let i = 0; i < places.length; i += 1) sum += column[places[i] as number] as number;
  return sum / places.length;
}

/** Linear between order statistics (Hyndman and Fan's type 7, as numpy and R by default). */
export function quantile(sorted: Float64Array, share: number): number {
  const place = (sorted.length - 1) * share;
  const below = Math.floor(place);
  const low = sorted[below];
  if (low === undefined) throw new RangeError('no quantile of no values');
  const high = sorted[below + 1] ?? low;
  return low + (high - low) * (place - below);
}
