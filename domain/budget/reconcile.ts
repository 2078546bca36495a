import type { Amount, Holding, Ledger, Spending } from '../../schemas/ledger';
import type { PlanPrices, TokenPrice } from '../../schemas/price';
import { costOf } from '../prices/cost';
import { isSnapshotOf } from '../prices/priceTable';
import { sum } from './amount';
import { unite } from './ledger';

/** What a provider says that it has answered, of one model. */
export interface Counted {
  /** As the provider calls it. */
  model: string;
  batch: boolean;
  calls: number;
  inputTokens: number;
  cachedTokens: number;
  outputTokens: number;
}

type Tokens = Omit<Counted, 'model' | 'batch'>;

const NO_TOKENS: Tokens = { calls: 0, inputTokens: 0, cachedTokens: 0, outputTokens: 0 };
const KINDS = ['calls', 'inputTokens', 'cachedTokens', 'outputTokens'] as const;

/**
 * The ledger with what a provider has counted in place of what was held at worst. Which of the purposes of one model
 * took how much of that, no provider knows: it is shared in the proportion of what was held for each.
 * @returns why that cannot be, for a person, where the counts do not fit the ledger
 */
export function reconcile(
  ledger: Ledger,
  counted: readonly Counted[],
  prices: Pick<PlanPrices, 'models'>,
): { ledger: Ledger; booked: Spending[] } | { unfit: string } {
  const booked: Spending[] = [];
  const holdings = ledger.wallets.flatMap((wallet) => wallet.holdings);
  const named = [...ledger.spending, ...holdings].map(({ model }) => model);
  for (const model of new Set(named)) {
    const price = prices.models.find((one) => one.model === model)?.price;
    if (!price) continue;
    const held = holdings.filter((holding) => holding.model === model);
    let left: Amount = sum(held);
    for (const batch of [false, true]) {
      const missing = missingOf(ledger, counted, model, batch);
      if (KINDS.some((kind) => missing[kind] < 0))
        return {
          unfit: `Of ${model} the provider has counted less than its answers said: its report may come late. Try again later, and check that the right key or project was asked for.`,
        };
      if (missing.calls === 0) continue;
      const cost = costOf(missing, price, batch);
      if (cost > left.nanodollars || missing.calls > left.calls)
        return {
          unfit: `Of ${model} the provider has counted more than this campaign can have asked: somebody else uses the same key or project.`,
        };
      left = { calls: left.calls - missing.calls, nanodollars: left.nanodollars - cost };
      booked.push(...shared(missing, held, price, batch));
    }
  }
  return { booked, ledger: { ...ledger, spending: unite([...ledger.spending, ...booked]), wallets: [] } };
}

/** What was counted and is not in the ledger. */
function missingOf({ spending }: Ledger, counted: readonly Counted[], model: string, batch: boolean): Tokens {
  const theirs = counted.filter(
    (one) => one.batch === batch && (one.model === model || isSnapshotOf(one.model, model)),
  );
  const ours = spending.filter((one) => one.batch === batch && one.model === model);
  return minus(theirs.reduce(plus, NO_TOKENS), ours.reduce(plus, NO_TOKENS));
}

function shared(missing: Tokens, held: readonly Holding[], price: TokenPrice, batch: boolean): Spending[] {
  const whole = sum(held).nanodollars;
  let [given, before] = [NO_TOKENS, 0];
  return held.map(({ nanodollars, calls: _held, ...purpose }) => {
    before += nanodollars;
    const until = mapTokens((kind) => Math.floor((missing[kind] * before) / whole));
    const part = minus(until, given);
    given = until;
    return { ...purpose, batch, ...part, reasoningTokens: 0, nanodollars: costOf(part, price, batch) };
  });
}

const plus = (a: Tokens, b: Tokens): Tokens => mapTokens((kind) => a[kind] + b[kind]);
const minus = (a: Tokens, b: Tokens): Tokens => mapTokens((kind) => a[kind] - b[kind]);

const mapTokens = (map: (kind: (typeof KINDS)[number]) => number): Tokens => ({
  calls: map('calls'),
  inputTokens: map('inputTokens'),
  cachedTokens: map('cachedTokens'),
  outputTokens: map('outputTokens'),
});
