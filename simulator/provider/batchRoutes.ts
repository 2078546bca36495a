import { setTimeout as delay } from 'node:timers/promises';
import type { Route } from './http';
import type { RouteDependencies } from './routes';

/** A provider that is stopped does not wait until it has said everything. */
const UNHELD = { ref: false };

type Group = Record<string, string>;

/** Files and batches (OpenAI API reference, "Files" and "Batch"). */
export const batchRoutes = ({
  files,
  batches,
  settings,
}: Pick<RouteDependencies, 'files' | 'batches' | 'settings'>): Route[] => [
  {
    method: 'POST',
    path: /^\/v1\/files$/,
    answer: async (call) => {
      const body = await files.upload(call);
      await delay(settings().batches.sayAfterMs.upload, undefined, UNHELD);
      return { body };
    },
  },
  {
    method: 'GET',
    path: /^\/v1\/files\/(?<id>[^/]+)$/,
    answer: ({ key }, { id = '' }: Group) => ({ body: files.find(key, id).description }),
  },
  {
    method: 'GET',
    path: /^\/v1\/files\/(?<id>[^/]+)\/content$/,
    answer: ({ key }, { id = '' }: Group) => ({ body: files.find(key, id).content }),
  },
  {
    method: 'DELETE',
    path: /^\/v1\/files\/(?<id>[^/]+)$/,
    answer: ({ key }, { id = '' }: Group) => ({ body: files.remove(key, id) }),
  },
  {
    method: 'POST',
    path: /^\/v1\/batches$/,
    answer: async ({ key, body }) => {
      const created = batches.create(key, body.toString('utf8'));
      await delay(settings().batches.sayAfterMs.create, undefined, UNHELD);
      return { body: created };
    },
  },
  {
    method: 'GET',
    path: /^\/v1\/batches$/,
    answer: ({ key, query }) => ({ body: batches.list(key, query) }),
  },
  {
    method: 'GET',
    path: /^\/v1\/batches\/(?<id>[^/]+)$/,
    answer: ({ key }, { id = '' }: Group) => ({ body: batches.retrieve(key, id) }),
  },
  {
    method: 'POST',
    path: /^\/v1\/batches\/(?<id>[^/]+)\/cancel$/,
    answer: ({ key }, { id = '' }: Group) => ({ body: batches.cancel(key, id) }),
  },
];
