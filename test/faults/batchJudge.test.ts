import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ledgerKey, modelBatchesKey } from '../../artifacts/documentKeys';
import { heldFor, spentOn } from '../../domain/budget/ledger';
import { Ledger, type Purpose } from '../../schemas/ledger';
import { type ModelBatch, ModelBatches } from '../../schemas/modelBatch';
import type { CampaignResult } from '../../workflows/messages';
import { Price } from '../../simulator/provider/settings';
import { type Provider, startProvider } from '../../simulator/provider/startProvider';
import { FaultSystem, PROVIDER, TESTER, untilStage } from '../support/faultSystem';
import type { Spec } from '../support/controlledSystem';
import { until } from '../support/processes';

const KEY = 'key-of-the-test';
const BUCKETS = { direct: 'asked-directly', batch: 'asked-by-batches' };
const QUICKLY = { gatherSeconds: 0.3 };

let faults: FaultSystem;
let provider: Provider;
beforeAll(async () => {
  faults = await FaultSystem.open();
});
beforeEach(async () => {
  provider = await startProvider();
});
afterEach(async () => {
  await faults.killWorkers();
  await provider.stop();
});
afterAll(() => faults.close());

const startWorkers = (bucket: string) =>
  faults.startWorkers({ PROVIDER_URL: provider.baseUrl, PROVIDER_KEY: KEY, S3_BUCKET: bucket });

/** A table in which the models cost what the provider asks. */
function prices(): string {
  const file = join(faults.system.state.root, 'prices.yaml');
  const models = ['expert', 'partner', 'judge', 'author'].map((role) => ({
    provider: 'simulated',
    model: `simulated-${role}`,
    ...Price.parse({}),
    batchPercent: 50,
  }));
  writeFileSync(file, JSON.stringify({ date: '2026-11-25', source: 'the test', models }));
  return file;
}

/** A campaign whose models are all the provider's. */
const asking =
  (batch: object | undefined, change: (spec: Spec) => void = () => undefined) =>
  (spec: Spec) => {
    for (const role of ['expert', 'partner', 'judge', 'author'])
      Object.assign(spec['models'][role], {
        baseUrl: PROVIDER,
        model: `simulated-${role}`,
        apiKeyEnv: 'PROVIDER_KEY',
      });
    spec['seed'] = 11;
    spec['prices'] = prices();
    for (const role of ['judge', 'author']) if (batch) spec['models'][role].batch = batch;
    change(spec);
  };

async function start(name: string, bucket: string, change: (spec: Spec) => void) {
  const store = await faults.bucket(bucket);
  const plan = await faults.plan(name, change, store);
  return (await faults.campaigns.start({ campaign: name, plan })).campaign;
}

const outputsOf = ({ stages }: CampaignResult) =>
  stages.map(({ id, outputs }) => [
    id,
    Object.entries(outputs).map(([role, { digest }]) => [role, digest.sha256]),
  ]);

/** Answers paid to the provider by model, and what they cost. */
function paid(model: string, batch: boolean) {
  const entries = provider.books.entries.filter((entry) => entry.model === model && entry.batch === batch);
  return {
    requests: entries.reduce((sum, { requests }) => sum + requests, 0),
    cost: entries.reduce((sum, { cost }) => sum + cost, 0),
  };
}

/** Nanodollars for ratings: what the campaign's ledger has as spent, and what it holds for a worker that is gone. */
async function bookedForJudge(campaign: string): Promise<{ spent: number; held: number }> {
  const store = await faults.bucket(BUCKETS.batch);
  const ledger = Ledger.parse(await store.getDocument(ledgerKey(campaign), Ledger));
  const isJudging = ({ role }: Purpose) => role === 'judge';
  return {
    spent: spentOn(ledger, isJudging).nanodollars,
    held: heldFor(ledger, isJudging).nanodollars,
  };
}

async function recorded(campaign: string): Promise<ModelBatch[]> {
  const store = await faults.bucket(BUCKETS.batch);
  return (await store.getDocument(modelBatchesKey(campaign), ModelBatches)) ?? [];
}

async function batches(): Promise<{ status: string }[]> {
  const reply = await fetch(`${provider.baseUrl}/batches`, { headers: { authorization: `Bearer ${KEY}` } });
  return ((await reply.json()) as { data: { status: string }[] }).data;
}

test('a campaign whose judge and author are asked by batches makes the same as one that asks directly, at half the price, a worker killed in the middle included', async () => {
  await startWorkers(BUCKETS.direct);
  const direct = await (await start('direct', BUCKETS.direct, asking(undefined))).result();
  const prices = ['simulated-judge', 'simulated-author'].map((model) => paid(model, false));
  await faults.killWorkers();
  await provider.stop();

  provider = await startProvider({ settings: { batches: { stallAfter: 5 } } });
  await startWorkers(BUCKETS.batch);
  const campaign = await start('batch', BUCKETS.batch, asking(QUICKLY));
  const isSent = ({ stage, state }: ModelBatch) => stage === 'BC/collect' && state.is === 'sent';
  await until('ratings are with the provider', async () => (await recorded('batch')).some(isSent));
  await faults.killWorkers();
  provider.change({ batches: { stallAfter: null } });
  await startWorkers(BUCKETS.batch);
  const result = await campaign.result();
  expect(outputsOf(result)).toEqual(outputsOf(direct));
  const half = prices.map(({ requests, cost }) => ({ requests, cost: cost / 2 }));
  expect(['simulated-judge', 'simulated-author'].map((model) => paid(model, true))).toEqual(half);
  expect(['simulated-judge', 'simulated-author'].map((model) => paid(model, false).requests)).toEqual([0, 0]);
  const { spent, held } = await bookedForJudge('batch');
  expect(spent).toBeLessThanOrEqual(paid('simulated-judge', true).cost);
  expect(spent + held).toBeGreaterThanOrEqual(paid('simulated-judge', true).cost);
});

test('a cancelled campaign has its batches stopped, a paused one as well; an amended one those of the stages that are changed', async () => {
  const bucket = 'stopped';
  const judgedBy = (template: number) =>
    asking(undefined, (spec) => {
      spec['models'].judge.batch = QUICKLY;
      spec['models'].judge.sampling = { temperature: 0, maxTokens: template };
    });
  await startWorkers(bucket);
  provider.change({ batches: { stallAfter: 0 } });
  const campaign = await start('stopped', bucket, judgedBy(1024));
  await until('all batches are sent', async () => (await batches()).length === 2);
  await campaign.pause(TESTER);
  await untilStage(campaign, 'BC/collect', 'paused');
  expect((await batches()).map(({ status }) => status)).toEqual(['in_progress', 'in_progress']);

  const store = await faults.bucket(bucket);
  await campaign.amend(await faults.plan('stopped', judgedBy(1000), store), TESTER);
  const isCancelled = async (number: number) =>
    (await batches()).filter(({ status }) => status === 'cancelled').length === number;
  await until('the batches for the old judge are stopped', () => isCancelled(2));
  await campaign.resume(TESTER);
  await until('the new judge is asked', async () => (await batches()).length === 4);
  await campaign.cancel();
  await until('its batches are stopped', () => isCancelled(4));
});
