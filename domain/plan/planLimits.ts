import type { Limits } from '../../schemas/limits';
import type { PlanLimits } from '../../schemas/plan';
import { nanodollars } from '../prices/dollars';

export type MoneyLimits = NonNullable<PlanLimits['money']>;

/** The limits of a campaign file as a plan has them. */
export function planLimits({ money, ...limits }: Limits): PlanLimits {
  const modelCalls = limits.modelCalls ?? null;
  if (!money) return { modelCalls };
  const { campaign, rounds, roles } = money;
  return {
    modelCalls,
    money: {
      campaign: campaign === undefined ? null : nanodollars(campaign),
      rounds: mapEach(rounds, nanodollars),
      roles: mapEach(roles, nanodollars),
    },
  };
}

/** The higher of two sets of limits, each by itself; where one of them has none, there is none. */
export function higherLimits(a: PlanLimits, b: PlanLimits): PlanLimits {
  const modelCalls = higher(a.modelCalls, b.modelCalls);
  const money = a.money && b.money && higherMoney(a.money, b.money);
  return money ? { modelCalls, money } : { modelCalls };
}

const higherMoney = (a: MoneyLimits, b: MoneyLimits): MoneyLimits => ({
  campaign: higher(a.campaign, b.campaign),
  rounds: higherEach(a.rounds, b.rounds),
  roles: higherEach(a.roles, b.roles),
});

const higher = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? null : Math.max(a, b);

type ByName = Partial<Record<string, number>>;

const higherEach = <R extends ByName>(a: R, b: R): R =>
  Object.fromEntries(
    Object.entries(a).flatMap(([name, limit = 0]) => {
      const other = b[name];
      return other === undefined ? [] : [[name, Math.max(limit, other)]];
    }),
  ) as R;

/** The same names with other limits. */
export const mapEach = <R extends ByName>(limits: R, map: (limit: number, name: string) => number): R =>
  Object.fromEntries(Object.entries(limits).map(([name, limit = 0]) => [name, map(limit, name)])) as R;
