import type { ApplicationFailure } from '@temporalio/activity';
import type { Left } from '../../../domain/budget/ledger';
import { dollars } from '../../../domain/prices/dollars';
import type { PlanLimits } from '../../../schemas/plan';
import { failure } from '../../support/failures';

/** Why no further call may be made. */
export function exhausted(
  campaign: string,
  limits: PlanLimits,
  { calls, nanodollars, tightest }: Left,
): ApplicationFailure {
  if (calls < 1 || tightest === null)
    return failure(
      'CALLS_EXHAUSTED',
      `Campaign "${campaign}" has used the ${limits.modelCalls} calls of models that limits.modelCalls allows. ` +
        `\`pi-loop raise-limit ${campaign} --model-calls <more>\` lets it go on; nothing it made is lost.`,
    );
  return failure(
    'MONEY_EXHAUSTED',
    `Of the ${dollars(tightest.nanodollars)} that ${tightest.setting} allows campaign "${campaign}", ${dollars(Math.max(0, nanodollars))} is left: less than the next call may cost at worst. ` +
      `\`pi-loop raise-limit ${campaign} ${optionFor(tightest.setting)}\` lets it go on; nothing it made is lost. ` +
      `\`pi-loop budget ${campaign}\` shows what it was spent on, and what is booked for workers that are gone.`,
  );
}

function optionFor(setting: string): string {
  const [, , kind, name] = setting.split('.');
  if (kind === 'rounds') return `--round-money ${name}=<dollars>`;
  return kind === 'roles' ? `--role-money ${name}=<dollars>` : '--money <dollars>';
}
