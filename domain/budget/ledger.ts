import type { Amount, Ledger, Purpose, Role, Spending } from '../../schemas/ledger';
import type { PlanLimits } from '../../schemas/plan';
import { roundOf } from '../plan/stageIds';
import { plus, sum } from './amount';

export const NO_ENTRIES: Ledger = { calls: 0, spending: [], wallets: [] };

export const isSamePurpose = (a: Purpose, b: Purpose): boolean =>
  a.stage === b.stage && a.role === b.role && a.model === b.model;

/** What was spent for some purposes. */
export const spentOn = (
  { spending }: Pick<Ledger, 'spending'>,
  counts: (purpose: Purpose) => boolean,
): Amount => sum(spending.filter(counts).map(amountOf));

/** What workers hold for some purposes, and at worst spend. */
export const heldFor = (
  { wallets }: Pick<Ledger, 'wallets'>,
  counts: (purpose: Purpose) => boolean,
): Amount => sum(wallets.flatMap(({ holdings }) => holdings.filter(counts)).map(amountOf));

/** What was spent and what is held: never less than the provider's own count. */
export const bookedFor = (ledger: Ledger, counts: (purpose: Purpose) => boolean): Amount =>
  plus(spentOn(ledger, counts), heldFor(ledger, counts));

export const EVERYTHING = (): boolean => true;

/** One limit on money: what it counts, and how it is named in the campaign file. */
export interface MoneyLimit {
  setting: string;
  nanodollars: number;
  counts: (purpose: Pick<Purpose, 'stage' | 'role'>) => boolean;
}

export function moneyLimits({ money }: PlanLimits): MoneyLimit[] {
  if (!money) return [];
  const { campaign, rounds, roles } = money;
  return [
    ...(campaign === null
      ? []
      : [{ setting: 'limits.money.campaign', nanodollars: campaign, counts: EVERYTHING }]),
    ...Object.entries(rounds).map(([round, nanodollars]) => ({
      setting: `limits.money.rounds.${round}`,
      nanodollars,
      counts: ({ stage }: Pick<Purpose, 'stage'>) => roundOf(stage) === round,
    })),
    ...Object.entries(roles).map(([name, nanodollars]) => ({
      setting: `limits.money.roles.${name}`,
      nanodollars,
      counts: ({ role }: { role: Role }) => role === name,
    })),
  ];
}

/** What is left for a purpose, and the limit on money that leaves least of it. */
export interface Left {
  calls: number;
  nanodollars: number;
  /** Null where no limit on money counts such calls. */
  tightest: MoneyLimit | null;
}

export function leftFor(ledger: Ledger, limits: PlanLimits, purpose: Purpose): Left {
  const calls = (limits.modelCalls ?? Number.POSITIVE_INFINITY) - callsBooked(ledger);
  let left: Left = { calls, nanodollars: Number.POSITIVE_INFINITY, tightest: null };
  for (const limit of moneyLimits(limits)) {
    if (!limit.counts(purpose)) continue;
    const nanodollars = limit.nanodollars - bookedFor(ledger, limit.counts).nanodollars;
    if (nanodollars < left.nanodollars) left = { calls, nanodollars, tightest: limit };
  }
  return left;
}

export const callsBooked = (ledger: Ledger): number => ledger.calls + bookedFor(ledger, EVERYTHING).calls;

/** The same spending, each purpose once by batches and once without. */
export function unite(spending: readonly Spending[]): Spending[] {
  const united: Spending[] = [];
  for (const one of spending) {
    const index = united.findIndex((other) => one.batch === other.batch && isSamePurpose(one, other));
    const other = united[index];
    if (other) united[index] = together(one, other);
    else united.push(one);
  }
  return united;
}

const together = (a: Spending, b: Spending): Spending => ({
  ...a,
  ...plus(a, b),
  inputTokens: a.inputTokens + b.inputTokens,
  cachedTokens: a.cachedTokens + b.cachedTokens,
  outputTokens: a.outputTokens + b.outputTokens,
  reasoningTokens: a.reasoningTokens + b.reasoningTokens,
});

const amountOf = ({ calls, nanodollars }: Amount): Amount => ({ calls, nanodollars });
