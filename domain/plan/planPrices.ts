import type { CampaignSpec } from '../../schemas/campaign';
import type { PlanPrices, PriceTable } from '../../schemas/price';
import { pricesFor } from '../prices/priceTable';
import { modelsOf } from './modelsOf';

/** What of a campaign has a price; nothing where nothing has. */
export function planPrices(spec: CampaignSpec, table: PriceTable): { prices?: PlanPrices } {
  const prices = pricesFor(table, modelsOf(spec), spec.execution.gpu);
  return prices.models.length > 0 || prices.gpu !== null ? { prices } : {};
}
