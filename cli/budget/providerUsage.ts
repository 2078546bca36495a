import { z } from 'zod';
import type { Counted } from '../../domain/budget/reconcile';
import { CommandError } from '../commandError';

/** One page of `GET /organization/usage/completions` (OpenAI API reference, "Usage"); what is not asked for is passed over. */
const Page = z.looseObject({
  data: z.array(
    z.looseObject({
      results: z.array(
        z.looseObject({
          model: z.string().nullable(),
          batch: z.boolean().nullish(),
          num_model_requests: z.number().int(),
          input_tokens: z.number().int(),
          input_cached_tokens: z.number().int().default(0),
          output_tokens: z.number().int(),
        }),
      ),
    }),
  ),
  next_page: z.string().nullish(),
});

/** Whose usage is asked for: the keys, or the projects, that one campaign uses alone. */
export interface UsageQuery {
  /** Of the provider's API, ending in /v1. */
  baseUrl: string;
  /** May read the organisation's usage. */
  adminKey: string;
  since: Date;
  keys: readonly string[];
  projects: readonly string[];
}

/** What a provider has counted since then, by model. Errors: CommandError when it does not say. */
export async function readUsage({
  baseUrl,
  adminKey,
  since,
  keys,
  projects,
}: UsageQuery): Promise<Counted[]> {
  const counted: Counted[] = [];
  const query = new URLSearchParams([
    ['start_time', String(Math.floor(since.getTime() / 60_000) * 60)],
    ['bucket_width', '1m'],
    ['limit', '1440'],
    ['group_by', 'model'],
    ['group_by', 'batch'],
    ...keys.map((key): [string, string] => ['api_key_ids', key]),
    ...projects.map((project): [string, string] => ['project_ids', project]),
  ]);
  for (let page: string | null | undefined; page !== null; ) {
    if (page) query.set('page', page);
    const read = await readPage(`${baseUrl}/organization/usage/completions?${query.toString()}`, adminKey);
    for (const row of read.data.flatMap(({ results }) => results))
      counted.push({
        model: row.model ?? '',
        batch: row.batch ?? false,
        calls: row.num_model_requests,
        inputTokens: row.input_tokens,
        cachedTokens: row.input_cached_tokens,
        outputTokens: row.output_tokens,
      });
    page = read.next_page ?? null;
  }
  return counted;
}

async function readPage(address: string, adminKey: string): Promise<z.infer<typeof Page>> {
  const { origin, pathname } = new URL(address);
  const asked = `${origin}${pathname}`;
  const answer = await fetch(address, { headers: { authorization: `Bearer ${adminKey}` } }).catch(
    (cause: unknown) => {
      throw new CommandError(`${asked} does not answer.`, { cause });
    },
  );
  if (!answer.ok)
    throw new CommandError(
      `${asked} answers ${answer.status}: the key must be one that may read the usage of the organisation, and the provider must have such a report.`,
    );
  const page = Page.safeParse(await answer.json());
  if (page.success) return page.data;
  throw new CommandError(`${asked} answers with no usage report.`);
}
