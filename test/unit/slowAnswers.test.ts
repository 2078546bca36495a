import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LanguageModels } from '../../activities/models/languageModels';
import { createEnvironment } from '../../activities/support/environment';

let server: Server;
let models: LanguageModels;
beforeEach(async () => {
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  models = new LanguageModels(createEnvironment({}));
});
afterEach(async () => {
  jest.useRealTimers();
  server.closeAllConnections();
  server.close();
  await models.close();
});

test('a model that may write much is waited for longer, and one that never answers is given up', async () => {
  jest.useFakeTimers({ now: Date.now(), doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const ask = (maxTokens: number) => {
    const { signal } = new AbortController();
    const sampling = { temperature: 1, topP: 1, maxTokens };
    const messages = [{ role: 'user' as const, content: 'Are you there?' }];
    return models
      .complete({ baseUrl, apiKey: 'none', model: 'slow' }, { messages, sampling, seed: 1, signal })
      .catch((error: Error) => error);
  };
  const asked = once(server, 'request');
  let short: unknown;
  let long: unknown;
  void ask(64).then((outcome) => (short = outcome));
  void ask(10_000).then((outcome) => (long = outcome));
  await asked;
  await jest.advanceTimersByTimeAsync(120_000);
  expect(short).toBeUndefined();
  await jest.advanceTimersByTimeAsync(10_000);
  expect(short).toMatchObject({ type: 'MODEL_UNAVAILABLE' });
  expect(long).toBeUndefined();
  await jest.advanceTimersByTimeAsync(1_000_000);
  expect(long).toMatchObject({ type: 'MODEL_UNAVAILABLE' });
});
