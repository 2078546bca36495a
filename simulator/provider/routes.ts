import { ApiError } from '../apiError';
import { batchRoutes } from './batchRoutes';
import type { Batches } from './batches';
import type { Books } from './books';
import type { Chat } from './chat';
import type { Counts } from './counts';
import type { Files } from './files';
import type { Call, Reply, Route } from './http';
import type { ProviderSettings } from './settings';
import { costsReport, usageReport } from './usageReport';

/** What the endpoints work on. */
export interface RouteDependencies {
  chat: Chat;
  files: Files;
  batches: Batches;
  books: Books;
  counts: Counts;
  settings: () => ProviderSettings;
  /** Errors: ZodError. */
  change: (change: unknown) => void;
}

/** OpenAI's endpoints; `Call.key` is known when they are asked. */
export const apiRoutes = ({ chat, books, settings, ...batching }: RouteDependencies): Route[] => [
  ...batchRoutes({ settings, ...batching }),
  {
    method: 'POST',
    path: /^\/v1\/chat\/completions$/,
    answer: ({ body, key }) => chat.complete(body.toString('utf8'), key),
  },
  {
    // Azure: the model is the deployment of that name, the version of the API has to be said.
    method: 'POST',
    path: /^\/openai\/deployments\/(?<deployment>[^/]+)\/chat\/completions$/,
    answer: ({ body, key, query }, { deployment = '' }) => {
      if (!query.get('api-version')) throw new ApiError(404, '404', 'Resource not found');
      return chat.complete(body.toString('utf8'), key, deployment);
    },
  },
  {
    method: 'GET',
    path: /^\/v1\/models$/,
    answer: () => ({ body: { object: 'list', data: Object.keys(settings().models).map(modelEntry) } }),
  },
  {
    method: 'GET',
    path: /^\/v1\/models\/(?<id>.+)$/,
    answer: (_, { id = '' }) => {
      const name = decodeURIComponent(id);
      if (name in settings().models) return { body: modelEntry(name) };
      throw new ApiError(404, 'model_not_found', `The model '${name}' does not exist`, 'model');
    },
  },
  {
    method: 'GET',
    path: /^\/v1\/organization\/usage\/completions$/,
    answer: ({ query }) => ({ body: usageReport(books.entries, query) }),
  },
  {
    method: 'GET',
    path: /^\/v1\/organization\/costs$/,
    answer: ({ query }) => ({ body: costsReport(books.entries, query) }),
  },
];

/** Ours, for whoever runs the provider; they ask for no key. */
export const adminRoutes = ({ chat, counts, settings, change }: RouteDependencies): Route[] => [
  { method: 'GET', path: /^\/admin\/counts$/, answer: () => ({ body: counts.read() }) },
  { method: 'GET', path: /^\/admin\/settings$/, answer: () => ({ body: settings() }) },
  { method: 'POST', path: /^\/admin\/settings$/, answer: (call) => changedBy(call, change) },
  {
    method: 'POST',
    path: /^\/admin\/snapshot$/,
    answer: (call) =>
      changedBy(call, (asked) => {
        const { model, snapshot } = asked as { model: string; snapshot: string };
        change(chat.snapshotChange(model, snapshot));
      }),
  },
];

function changedBy({ body }: Call, change: (asked: unknown) => void): Reply {
  try {
    change(JSON.parse(body.toString('utf8')));
    return { body: { changed: true } };
  } catch (error) {
    throw new ApiError(400, 'invalid_value', error instanceof Error ? error.message : String(error));
  }
}

const modelEntry = (id: string) => ({
  id,
  object: 'model',
  created: 1_700_000_000,
  owned_by: 'pi-loop simulator: a program, not a language model',
});
