import { bookedFor, EVERYTHING, heldFor, spentOn } from '../../domain/budget/ledger';
import { type Counted, reconcile } from '../../domain/budget/reconcile';
import type { Ledger, Spending } from '../../schemas/ledger';

const price = {
  input: 1_000_000,
  cachedInput: 500_000,
  output: 2_000_000,
  reasoning: 2_000_000,
  batchPercent: 50,
};
const prices = { models: [{ baseUrl: 'https://provider/v1', model: 'm', price }] };

const purpose = (stage: string, role: 'expert' | 'judge') => ({ stage, role, model: 'm' });

/** Each call: ten tokens in, five out, 20,000 nanodollars. */
const spending = (calls: number): Spending => ({
  ...purpose('BC/collect', 'expert'),
  batch: false,
  calls,
  nanodollars: 20_000 * calls,
  inputTokens: 10 * calls,
  cachedTokens: 0,
  outputTokens: 5 * calls,
  reasoningTokens: 0,
});

const counted = (calls: number, changes: Partial<Counted> = {}): Counted => ({
  model: 'm-2026-11-20',
  batch: false,
  calls,
  inputTokens: 10 * calls,
  cachedTokens: 0,
  outputTokens: 5 * calls,
  ...changes,
});

/** Forty calls were answered; workers that are gone held sixty for the expert and twenty for the judge. */
const ledger: Ledger = {
  calls: 0,
  spending: [spending(40)],
  wallets: [
    {
      id: 'killed',
      writes: 3,
      writtenAt: '2026-11-25T10:00:00.000Z',
      holdings: [
        { ...purpose('BC/collect', 'expert'), calls: 60, nanodollars: 6_000_000 },
        { ...purpose('BC/collect', 'judge'), calls: 20, nanodollars: 2_000_000 },
      ],
    },
  ],
};

test('what the provider has counted stands in the place of what was held, shared as it was held', () => {
  const outcome = reconcile(ledger, [counted(80)], prices);
  if ('unfit' in outcome) throw new Error(outcome.unfit);
  expect(heldFor(outcome.ledger, EVERYTHING)).toEqual({ calls: 0, nanodollars: 0 });
  expect(bookedFor(outcome.ledger, EVERYTHING)).toEqual({ calls: 80, nanodollars: 80 * 20_000 });
  expect(spentOn(outcome.ledger, ({ role }) => role === 'judge')).toEqual({
    calls: 10,
    nanodollars: 200_000,
  });
});

test('what was answered in a batch costs what batches cost', () => {
  const outcome = reconcile(ledger, [counted(40), counted(10, { batch: true })], prices);
  if ('unfit' in outcome) throw new Error(outcome.unfit);
  expect(bookedFor(outcome.ledger, EVERYTHING).nanodollars).toBe(40 * 20_000 + 10 * 10_000);
});

test.each([
  ['less than was answered: the report comes late', [counted(39)], 'counted less'],
  ['more than was held: somebody else uses the key', [counted(121)], 'counted more'],
])('a count of %s changes nothing', (_why, count, said) => {
  expect(reconcile(ledger, count, prices)).toEqual({ unfit: expect.stringContaining(said) });
});
