import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parse } from 'yaml';
import { pathText, type SpecIssue } from '../../domain/campaign';
import { LISTED_PRICES, withPrices } from '../../domain/prices/priceTable';
import type { CampaignSpec } from '../../schemas/campaign';
import { PriceTable } from '../../schemas/price';

/** Names a price table for all campaigns that name none. */
const VARIABLE = 'PI_LOOP_PRICES';

/**
 * The prices that hold for a campaign: those of the table that it names, or that the environment names, before those
 * that come with the product.
 */
export async function readPrices(
  { prices: named }: Pick<CampaignSpec, 'prices'>,
  folder: string,
): Promise<{ table: PriceTable; issues: SpecIssue[] }> {
  const location = named === undefined ? process.env[VARIABLE] : resolve(folder, named);
  if (!location) return { table: LISTED_PRICES, issues: [] };
  const read = await readFile(location, 'utf8')
    .then((text) => PriceTable.safeParse(parse(text)))
    .catch((error: unknown) => String(error instanceof Error ? error.message : error));
  if (typeof read !== 'string' && read.success)
    return { table: withPrices(LISTED_PRICES, read.data), issues: [] };
  const why =
    typeof read === 'string'
      ? [read]
      : read.error.issues.map(({ path, message }) => `${pathText(path as string[])}: ${message}`);
  return {
    table: LISTED_PRICES,
    issues: why.map((fault) => ({
      path: ['prices'],
      found: `${location}, where ${fault}`,
      expected: 'a table of prices in YAML: date, source, models, gpus',
    })),
  };
}
