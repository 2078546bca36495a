import { costOf, mostOf } from '../../../domain/prices/cost';
import { plannedPrice } from '../../../domain/prices/priceTable';
import type { Purpose, Spending } from '../../../schemas/ledger';
import type { PlanLimits } from '../../../schemas/plan';
import type { ModelPolicy } from '../../../schemas/snapshot';
import type { PlanPrices, TokenPrice } from '../../../schemas/price';
import { failure } from '../../support/failures';
import type { Completion } from '../chatCompletion';
import type { AskModel, Question } from '../modelAccess';
import type { CampaignBudget } from './campaignBudget';

/** What a stage of a campaign may spend on models. */
export interface Account {
  campaign: string;
  stage: string;
  limits: PlanLimits;
  /** Undefined where nothing has a price. */
  prices?: PlanPrices | undefined;
  /** Of the plan; null: whichever snapshot answers is taken, and not even noted. */
  snapshotPolicies?: readonly ModelPolicy[] | null | undefined;
  /** Among the campaign's calls that wait for a limit of the provider, higher ones come first. @default 0 */
  priority?: number | undefined;
}

/**
 * Asks within a campaign's limits. A call that has no price and that no limit counts is not booked.
 * Errors: CALLS_EXHAUSTED, MONEY_EXHAUSTED, SPEC_INVALID for a model without a price under a limit on money; STORAGE_*;
 * those of `ask`.
 */
export function askWithinBudget(budget: CampaignBudget, account: Account, ask: AskModel): AskModel {
  const { limits, prices, stage, campaign } = account;
  return async (question) => {
    const { model, role, signal } = question;
    const price = plannedPrice(prices, model);
    if (!price && limits.money && !model.simulated) throw unpriced(campaign, question);
    if (!price && limits.modelCalls === null) return ask(question);
    const purpose: Purpose = { stage, role, model: model.model };
    return budget.call({
      limits,
      purpose,
      most: { calls: 1, nanodollars: price ? mostFor(question, price) : 0 },
      // A call that is paid for is not cut off: it would cost as much, and nobody would know how much.
      make: () => ask(price && !question.batching ? { ...question, isPaid: true } : question),
      spending: (answer) => spendingOf(answer, purpose, price),
      signal,
    });
  };
}

const mostFor = ({ messages, form, model }: Question, price: TokenPrice): number =>
  mostOf(
    [...messages.map(({ content }) => content), ...(form ? [JSON.stringify(form)] : [])],
    model.sampling.maxTokens,
    price,
  );

/** Null where the provider did not count, so that nobody knows what the call took. */
function spendingOf(
  { usage, snapshot, batched = false, bookedBefore = false }: Completion,
  purpose: Purpose,
  price: TokenPrice | undefined,
): Spending | null | 'nothing' {
  if (bookedBefore) return 'nothing';
  // A prompt that a filter stopped has neither tokens nor a model that answered.
  if (price && usage.inputTokens === 0 && snapshot !== '') return null;
  const { inputTokens, outputTokens, cachedTokens = 0, reasoningTokens = 0 } = usage;
  const tokens = { inputTokens, cachedTokens, outputTokens, reasoningTokens };
  const nanodollars = price ? costOf(tokens, price, batched) : 0;
  return { ...purpose, ...tokens, batch: batched, calls: 1, nanodollars };
}

const unpriced = (campaign: string, { model, role }: Question): Error =>
  failure(
    'SPEC_INVALID',
    `Campaign "${campaign}" has a limit on money, but no price is known for its ${role}, model "${model.model}" at ${model.baseUrl}. ` +
      'Put one into the table that `prices` in the campaign file names, and `pi-loop amend` the campaign.',
  );
