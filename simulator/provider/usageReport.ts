import { ApiError } from '../apiError';
import { BILLION, type Entry } from './books';

const WIDTH_SECONDS: Record<string, number> = { '1m': 60, '1h': 3_600, '1d': 86_400 };

type Row = Pick<Entry, 'keyId' | 'model' | 'batch'>;
const GROUPS: Record<string, keyof Row> = { model: 'model', api_key_id: 'keyId', batch: 'batch' };

/** `GET /v1/organization/usage/completions` (API reference, "Usage"). */
export const usageReport = (entries: readonly Entry[], query: URLSearchParams): object =>
  report(entries, query, (some, of) => ({
    object: 'organization.usage.completions.result',
    input_tokens: sum(some, ({ usage }) => usage.input),
    output_tokens: sum(some, ({ usage }) => usage.output),
    input_cached_tokens: sum(some, ({ usage }) => usage.cached),
    input_audio_tokens: 0,
    output_audio_tokens: 0,
    num_model_requests: sum(some, ({ requests }) => requests),
    project_id: null,
    user_id: null,
    api_key_id: of.keyId ?? null,
    model: of.model ?? null,
    batch: of.batch ?? null,
  }));

/** `GET /v1/organization/costs` (API reference, "Costs"). */
export const costsReport = (entries: readonly Entry[], query: URLSearchParams): object =>
  report(entries, query, (some, of) => ({
    object: 'organization.costs.result',
    amount: { value: sum(some, ({ cost }) => cost) / BILLION, currency: 'usd' },
    line_item: of.model ?? null,
    project_id: null,
    api_key_id: of.keyId ?? null,
  }));

/** Buckets of time with a row for each group; all on one page. */
function report(
  entries: readonly Entry[],
  query: URLSearchParams,
  row: (entries: Entry[], of: Partial<Row>) => object,
): object {
  const start = Number(query.get('start_time') ?? Number.NaN);
  const end = Number(query.get('end_time') ?? Number.POSITIVE_INFINITY);
  const width = WIDTH_SECONDS[query.get('bucket_width') ?? '1d'];
  if (!Number.isFinite(start) || width === undefined)
    throw new ApiError(400, 'invalid_value', 'start_time: seconds since 1970; bucket_width: 1m, 1h or 1d.');
  const columns = listed(query, 'group_by').flatMap((name) => {
    const column = name === 'line_item' ? 'model' : GROUPS[name];
    return column ? [column] : [];
  });
  const within = entries.filter(({ minute }) => minute >= start && minute < end);
  const buckets = grouped(within, ({ minute }) => Math.floor(minute / width) * width);
  const valuesOf = (entry: Entry | undefined) =>
    Object.fromEntries(columns.map((column) => [column, entry?.[column]])) as Partial<Row>;
  const data = [...buckets]
    .sort(([a], [b]) => a - b)
    .map(([time, some]) => ({
      object: 'bucket',
      start_time: time,
      end_time: time + width,
      results: [...grouped(some, (entry) => JSON.stringify(valuesOf(entry))).values()].map((group) =>
        row(group, valuesOf(group[0])),
      ),
    }));
  return { object: 'page', data, has_more: false, next_page: null };
}

function grouped<Key>(entries: readonly Entry[], keyOf: (entry: Entry) => Key): Map<Key, Entry[]> {
  const groups = new Map<Key, Entry[]>();
  for (const entry of entries) {
    const group = groups.get(keyOf(entry));
    if (group) group.push(entry);
    else groups.set(keyOf(entry), [entry]);
  }
  return groups;
}

/** Lists come as `group_by=model&group_by=batch` or with `[]` behind the name. */
const listed = (query: URLSearchParams, name: string): string[] =>
  [...query.getAll(name), ...query.getAll(`${name}[]`)].flatMap((value) => value.split(','));

const sum = (entries: readonly Entry[], of: (entry: Entry) => number): number =>
  entries.reduce((total, entry) => total + of(entry), 0);
