import type { Role } from '../../schemas/ledger';
import type { Plan } from '../../schemas/plan';
import { type MoneyLimits, mapEach } from './planLimits';
import { nanodollars } from '../prices/dollars';
import { isMapping } from '../campaign/specIssue';

/** Limits to be raised; what is not named stays. */
export interface RaisedLimits {
  /** Share of unrated episodes, 0 to 1, in every stage that has such a limit. */
  unratedShare?: number | undefined;
  /** Calls of models of the whole campaign. */
  modelCalls?: number | undefined;
  /** Dollars: of the whole campaign, by round, by role. */
  money?: Partial<RaisedMoney> | undefined;
}

interface RaisedMoney {
  campaign: number | undefined;
  rounds: Record<string, number>;
  roles: Partial<Record<Role, number>>;
}

/** The plan with at least these limits: none is lowered, and what has no limit gets none. */
export function withRaisedLimits(
  plan: Plan,
  { unratedShare = 0, modelCalls = 0, money = {} }: RaisedLimits,
): Plan {
  const { modelCalls: before, money: moneyBefore } = plan.limits;
  return {
    ...plan,
    limits: {
      modelCalls: before === null ? null : Math.max(before, modelCalls),
      ...(moneyBefore && { money: raisedMoney(moneyBefore, money) }),
    },
    stages: plan.stages.map((stage) => ({ ...stage, parameters: raised(stage.parameters, unratedShare) })),
  };
}

function raisedMoney(
  before: MoneyLimits,
  { campaign = 0, rounds = {}, roles = {} }: Partial<RaisedMoney>,
): MoneyLimits {
  return {
    campaign: before.campaign === null ? null : Math.max(before.campaign, nanodollars(campaign)),
    rounds: mapEach(before.rounds, (limit, name) => Math.max(limit, nanodollars(rounds[name] ?? 0))),
    roles: mapEach(before.roles, (limit, name) => Math.max(limit, nanodollars(roles[name as Role] ?? 0))),
  };
}

function raised(parameters: unknown, unratedShare: number): unknown {
  if (!isMapping(parameters) || typeof parameters['unratedShare'] !== 'number') return parameters;
  return { ...parameters, unratedShare: Math.max(parameters['unratedShare'], unratedShare) };
}
