import fc from 'fast-check';
import { type Batch, batchesOf, EPISODES_AT_ONCE, ratedTogether } from '../../domain/plan/batches';

const anyCount = fc.oneof(fc.nat(200), fc.nat(20_000));
const numbersIn = ({ from, to }: Batch) => Array.from({ length: to - from }, (_, index) => from + index);

/** A heartbeat and the state kept of a batch grow with it. */
const LARGEST = 64;

describe('batches of any number of episodes', () => {
  it('cover every episode once, in order', () => {
    fc.assert(
      fc.property(anyCount, (episodes) => {
        expect(batchesOf(episodes).flatMap(numbersIn)).toEqual(
          Array.from({ length: episodes }, (_, number) => number),
        );
      }),
    );
  });

  it('are never empty and never larger than a heartbeat carries', () => {
    fc.assert(
      fc.property(anyCount, (episodes) => {
        for (const { from, to } of batchesOf(episodes)) {
          expect(to - from).toBeGreaterThan(0);
          expect(to - from).toBeLessThanOrEqual(LARGEST);
        }
      }),
    );
  });

  it('are rated in groups of the same batches, of at most 512 episodes', () => {
    fc.assert(
      fc.property(anyCount, (episodes) => {
        const groups = ratedTogether(episodes);
        expect(groups.flat()).toEqual(batchesOf(episodes));
        for (const group of groups) expect(group.flatMap(numbersIn).length).toBeLessThanOrEqual(512);
      }),
    );
  });

  it('never grow, and fill all lanes but for the last', () => {
    fc.assert(
      fc.property(anyCount, (episodes) => {
        const sizes = batchesOf(episodes).map(({ from, to }) => to - from);
        expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
        for (const size of sizes.slice(0, -1)) expect(size % EPISODES_AT_ONCE).toBe(0);
      }),
    );
  });
});

/** What an interrupted campaign kept lies under these numbers: a release that splits differently plays it again. */
it('are those of earlier releases', () => {
  const sizesOf = (episodes: number) => batchesOf(episodes).map(({ from, to }) => to - from);
  const times = (count: number, size: number) => Array.from({ length: count }, () => size);
  expect(sizesOf(0)).toEqual([]);
  expect(sizesOf(5)).toEqual([5]);
  expect(sizesOf(20)).toEqual([8, 8, 4]);
  expect(sizesOf(800)).toEqual([32, ...times(11, 24), ...times(16, 16), ...times(31, 8)]);
  expect(sizesOf(100_000).slice(0, 1535)).toEqual(times(1535, 64));
});
