import fc from 'fast-check';
import { costOf, leastOf, mostOf } from '../../domain/prices/cost';
import { dollars } from '../../domain/prices/dollars';
import { LISTED_PRICES, priceOf, withPrices } from '../../domain/prices/priceTable';
import { PriceTable } from '../../schemas/price';

const OPENAI = 'https://api.openai.com/v1';

describe('the price of a model', () => {
  it('holds for its dated snapshots, and for no other model whose name begins so', () => {
    const price = (model: string) => priceOf(LISTED_PRICES, { baseUrl: OPENAI, model })?.input;
    expect(price('gpt-4o')).toBe(2_500_000);
    expect(price('gpt-4o-2024-11-20')).toBe(2_500_000);
    expect(price('gpt-4o-mini-2024-07-18')).toBe(150_000);
    expect(price('gpt-4o-audio-preview')).toBeUndefined();
  });

  it('holds at its provider’s address alone, and nowhere that is told by a variable', () => {
    for (const baseUrl of ['http://127.0.0.1:8000/v1', '${SOME_URL}'])
      expect(priceOf(LISTED_PRICES, { baseUrl, model: 'gpt-4o' })).toBeUndefined();
  });

  it('is that of the user’s own table where it is there', () => {
    const own = PriceTable.parse({
      date: '2026-01-01',
      source: 'our contract',
      models: [{ provider: 'ours', model: 'gpt-4o', input: 1, output: 2 }],
    });
    const price = priceOf(withPrices(LISTED_PRICES, own), { baseUrl: OPENAI, model: 'gpt-4o' });
    expect(price).toEqual({
      input: 1_000_000,
      cachedInput: 1_000_000,
      output: 2_000_000,
      reasoning: 2_000_000,
      batchPercent: 100,
    });
  });
});

const amount = fc.nat(10_000_000);
const price = fc.record({
  input: amount,
  cachedInput: amount,
  output: amount,
  reasoning: amount,
  batchPercent: fc.nat(100),
});

test('no call costs more than was reserved for it, and none less than the audit holds against the books', () => {
  fc.assert(
    fc.property(
      price,
      fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 }),
      fc.nat(4000),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (asked, prompt, maxTokens, share) => {
        const bytes = prompt.reduce((sum, part) => sum + Buffer.byteLength(part), 0);
        const part = (whole: number) => Math.floor(whole * share);
        const usage = {
          inputTokens: bytes,
          cachedTokens: part(bytes),
          outputTokens: maxTokens,
          reasoningTokens: part(maxTokens),
        };
        const cost = costOf(usage, asked);
        expect(cost).toBeLessThanOrEqual(mostOf(prompt, maxTokens, asked));
        expect(cost).toBeGreaterThanOrEqual(leastOf(usage, asked));
      },
    ),
  );
});

test('money is shown to the cent, and what is less than one all the same', () => {
  expect([0, 12_345_000_000, 10_000_000, 1_230_000].map(dollars)).toEqual([
    '$0.00',
    '$12.35',
    '$0.01',
    '$0.0012',
  ]);
});
