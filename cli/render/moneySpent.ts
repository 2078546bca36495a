import { dollars } from '../../domain/prices/dollars';
import type { MoneySpent } from '../budget/readSpending';

/** One line on what a campaign has spent; none where that is nothing. */
export const moneySpentLine = (campaign: string, money: MoneySpent | null): string[] =>
  money === null
    ? []
    : [
        `${dollars(money.spent)} spent on models${money.held > 0 ? `, ${dollars(money.held)} held for calls under way or lost` : ''}; \`pi-loop budget ${campaign}\` shows what on.`,
      ];
