import type { ModelSpec } from '../../schemas/model';
import { type ModelPrice, type PlanPrices, PriceTable, type TokenPrice } from '../../schemas/price';
import listed from './prices.json';

/** Prices that come with the product. Providers change theirs: each plan says of which day these are. */
export const LISTED_PRICES: PriceTable = PriceTable.parse(listed);

type Asked = Pick<ModelSpec, 'baseUrl' | 'model'>;

/** A table with another one's prices before its own; what it says of day and source is the other's. */
export const withPrices = (table: PriceTable, own: PriceTable): PriceTable => ({
  ...own,
  models: [...own.models, ...table.models],
  gpus: [...own.gpus, ...table.gpus],
});

/** The price of a model at its address; undefined where none is known. The first that fits counts. */
export function priceOf(table: PriceTable, { baseUrl, model }: Asked): TokenPrice | undefined {
  const host = URL.canParse(baseUrl) ? new URL(baseUrl).hostname : null;
  const there = table.models.filter(
    ({ hosts }) => hosts.length === 0 || (host !== null && hosts.includes(host)),
  );
  const found =
    there.find((price) => price.model === model) ?? there.find((price) => isSnapshotOf(model, price.model));
  return found && tokenPrice(found);
}

/** `gpt-4o-2024-08-06` and `mistral-large-2411` are snapshots; `gpt-4o-mini` is another model. */
export const isSnapshotOf = (model: string, name: string): boolean =>
  model.startsWith(name) && /^-(\d{4}-\d{2}-\d{2}|\d{4,8}|latest)$/.test(model.slice(name.length));

/** A dollar a million tokens is a million picodollars a token. */
const picodollars = (dollars: number): number => Math.round(dollars * 1e6);

const tokenPrice = ({
  input,
  cachedInput = input,
  output,
  reasoning = output,
  batchPercent,
}: ModelPrice) => ({
  input: picodollars(input),
  cachedInput: picodollars(cachedInput),
  output: picodollars(output),
  reasoning: picodollars(reasoning),
  batchPercent,
});

/** Prices of these models, each once, and of a GPU by its name; those without a known price are left out. */
export function pricesFor(
  table: PriceTable,
  models: readonly Asked[],
  gpuName: string | undefined,
): PlanPrices {
  const gpu = table.gpus.find(({ name }) => name === gpuName);
  const asked = new Map(models.map((model) => [keyOf(model), model]));
  return {
    date: table.date,
    source: table.source,
    models: [...asked.values()].flatMap(({ baseUrl, model }) => {
      const price = priceOf(table, { baseUrl, model });
      return price ? [{ baseUrl, model, price }] : [];
    }),
    gpu: gpu ? { name: gpu.name, nanodollarsPerSecond: Math.round((gpu.dollarsPerHour * 1e9) / 3600) } : null,
  };
}

const keyOf = ({ baseUrl, model }: Asked): string => JSON.stringify([baseUrl, model]);

/** A model's price in a plan. */
export const plannedPrice = (
  prices: Pick<PlanPrices, 'models'> | undefined,
  asked: Asked,
): TokenPrice | undefined => prices?.models.find((one) => keyOf(one) === keyOf(asked))?.price;
