import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { checkModels } from '../../cli/checkModels';
import { renderProbedModels } from '../../cli/render/probedModels';
import { SKELETON } from '../../domain/campaign/skeleton';
import { probeModels } from '../../preflight/probeModels';
import { CampaignSpec } from '../../schemas/campaign';
import type { ModelSettings, ProviderSettingsInput } from '../../simulator/provider/settings';
import { type Provider, startProvider } from '../../simulator/provider/startProvider';
import { startSimulator } from '../support/activities';

let provider: Provider;

async function start(settings: Omit<ProviderSettingsInput, 'models'> = {}, judge: object = {}) {
  provider = await startProvider({ settings: { models: { talker: {}, judge }, ...settings } });
}
afterEach(() => provider.stop());

/** A campaign whose judge is changed so. */
function campaign(judge: object = {}): CampaignSpec {
  const spec = CampaignSpec.parse(SKELETON);
  const at = { baseUrl: provider.baseUrl };
  Object.assign(spec.models.expert, at, { model: 'talker' });
  Object.assign(spec.models.partner, at, { model: 'talker' });
  delete spec.models.author;
  Object.assign(spec.models.judge, at, { model: 'judge' }, judge);
  return spec;
}

const probedJudge = async (judge: object = {}) =>
  (await probeModels(campaign(judge), {})).find(({ role }) => role === 'judge');

const ALL = {
  jsonSchema: true,
  seed: true,
  logProbabilities: true,
  usage: true,
  cachedTokens: true,
  batches: true,
};

test('a model is asked a few short questions, which tell all that it offers', async () => {
  await start();
  expect(await probedJudge()).toMatchObject({
    capabilities: { snapshot: 'judge-2026-11', fingerprint: expect.stringMatching(/^fp_/), ...ALL },
    failure: null,
    lacks: [],
  });
  expect(provider.counts().models['judge']?.served).toBe(3);
});

test.each([
  ['jsonSchema', 'jsonSchema'],
  ['seed', 'seed'],
  ['logprobs', 'logProbabilities'],
  ['usage', 'usage'],
  ['cachedTokens', 'cachedTokens'],
] as const)('an endpoint without %s is found out', async (capability, told) => {
  const capabilities: Partial<ModelSettings['capabilities']> = { [capability]: false };
  await start({}, { capabilities });
  const probed = await probedJudge();
  expect(probed?.capabilities).toMatchObject({
    ...ALL,
    [told]: false,
    ...(told === 'usage' && { cachedTokens: false }),
  });
});

test.each([
  [{ structuredOutput: 'schema' }, { jsonSchema: false }, /models\.judge\.structuredOutput.*Set it to text/],
  [{}, { seed: false }, /models\.judge\.seeded: the endpoint refuses a seed\. Set it to false/],
])(
  'what the file asks and the endpoint lacks stops the start, with what to change: %j',
  async (judge, capabilities, message) => {
    await start({}, { capabilities });
    await expect(checkModels(campaign(judge), '.none')).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(message),
    });
  },
);

test('a judge that is to be asked by batches stops the start where the endpoint has none', async () => {
  await start();
  const simulator = await startSimulator();
  const batched = (baseUrl: string) => campaign({ baseUrl, model: 'simulated-judge', batch: {} });
  await expect(checkModels(batched(simulator.baseUrl), '.none')).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringMatching(/models\.judge\.batch: the endpoint has no Batch API .*Take it out/),
  });
  await simulator.stop();
  await checkModels(campaign({ batch: {} }), '.none');
});

test('an endpoint whose batches cannot be looked for is asked for all else', async () => {
  await start();
  const { baseUrl } = provider;
  const answer = async (
    { method, url = '', headers }: IncomingMessage,
    response: ServerResponse,
    body: string,
  ) => {
    if (method === 'GET') return response.writeHead(500).end();
    const target = baseUrl.replace(/\/v1$/, url);
    const reply = await fetch(target, {
      method: 'POST',
      headers: { 'content-type': String(headers['content-type']) },
      body,
    });
    return response.writeHead(reply.status, { 'content-type': 'application/json' }).end(await reply.text());
  };
  const server = createServer(
    (request, response) => void text(request).then((body) => answer(request, response, body)),
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const elsewhere = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  expect(await probedJudge({ baseUrl: elsewhere, batch: {} })).toMatchObject({
    capabilities: { ...ALL, batches: null },
    lacks: [],
  });
  server.closeAllConnections();
  server.close();
});

test('a model that refuses how it would be asked stops the start with the provider’s words', async () => {
  await start({}, { reasoningTokens: 20 });
  await expect(checkModels(campaign(), '.none')).rejects.toThrow(/'max_tokens' is not supported/);
  await checkModels(campaign({ reasoning: 'low' }), '.none');
});

test('a model that cannot be asked from here is only told of: the workers may have its key', async () => {
  await start({ keys: ['k'] });
  const told = jest.spyOn(console, 'error').mockImplementation(() => undefined);
  await checkModels(campaign(), '.none');
  expect(told).toHaveBeenCalledWith(expect.stringContaining('judge could not be asked what it offers'));
  told.mockRestore();
});

test('the table shows what is offered, and what may be worth knowing', async () => {
  await start({}, { capabilities: { logprobs: false } });
  const spec = campaign();
  const table = renderProbedModels(await probeModels(spec, {}));
  expect(table).toMatch(
    /^role +model +answers as +JSON schema +seed +log-probabilities +usage +cached tokens +batches$/m,
  );
  expect(table).toMatch(/^judge +judge +judge-2026-11 +yes +yes +no +yes +yes +yes$/m);
  expect(table).toContain('models.judge.structuredOutput: schema would keep its answers readable.');
  expect(table).toContain('models.judge.model answers as judge-2026-11');
});
