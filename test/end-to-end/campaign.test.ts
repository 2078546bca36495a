import { join } from 'node:path';
import { DirectoryBucket } from '../../artifacts/bucket';
import { verifyBucket } from '../../audit/verify/verifyBucket';
import { Results } from '../../schemas/evaluation';
import { DialogueRow } from '../../schemas/training';
import type { CampaignProgress, CampaignResult, StageProgress } from '../../workflows/messages';
import type { CampaignHandle } from '../../client/campaignHandle';
import { contentOf, LORA, type RunningSystem, startSystem, TINY } from '../support/campaignRuns';
import { commandsBelow, until } from '../support/processes';

let undisturbed: RunningSystem;
let reference: CampaignResult;
beforeAll(async () => {
  undisturbed = await startSystem();
  reference = await (await undisturbed.start(TINY, 'undisturbed')).result();
});
afterAll(() => undisturbed.close());

const stageOf = async (handle: CampaignHandle, id: string): Promise<StageProgress | undefined> => {
  const progress = await handle.query<CampaignProgress, []>('campaignProgress').catch(() => undefined);
  return progress?.stages.find((stage) => stage.id === id);
};

test('a campaign runs from nothing to its table: tasks, dialogues, ratings, training, evaluation', async () => {
  const results = await undisturbed.store.getJson(reference.results.digest.sha256, Results);
  expect(results.all.policies.map(({ policy }) => policy)).toEqual(['base', 'BC', 'BC+SR', 'expert']);
  expect(results.simulated).toBe(true);
  for (const { episodes, unrated } of results.all.policies) expect([episodes, unrated]).toEqual([16, 0]);
});

test('the same campaign again computes nothing', async () => {
  const again = await (await undisturbed.start(TINY, 'again')).result();
  expect(again.stages.every(({ reused }) => reused)).toBe(true);
  expect(contentOf(again)).toEqual(contentOf(reference));
});

test('with LoRA and QLoRA each round trains an adapter, served on its base, and the next goes on from the two merged', async () => {
  const result = await (await undisturbed.start(LORA, 'lora')).result();
  const policyOf = (id: string) => result.stages.find((stage) => stage.id === id)?.outputs['policy'];
  for (const id of ['BC/train', 'BC+SR/train']) {
    const policy = policyOf(id);
    const files = policy ? (await undisturbed.store.getListing(policy)).files.map(({ name }) => name) : [];
    expect(files).toEqual(expect.arrayContaining(['adapter_model.safetensors', 'base.json']));
  }
  const results = await undisturbed.store.getJson(result.results.digest.sha256, Results);
  expect(results.all.policies.map(({ unrated }) => unrated)).toEqual([0, 0, 0, 0]);
  const rowsOf = async (id: string) => {
    const dataset = result.stages.find((stage) => stage.id === id)?.outputs['dataset'];
    return undisturbed.store.getJsonLines(dataset?.digest.sha256 ?? '', DialogueRow);
  };
  expect((await rowsOf('BC/filter')).every(({ weight }) => weight !== undefined)).toBe(true);
  expect((await rowsOf('BC+SR/filter')).every(({ rejected }) => rejected !== undefined)).toBe(true);
  const bucket = new DirectoryBucket(join(undisturbed.state, 'buckets', 'pi-loop'));
  expect((await verifyBucket(bucket, { campaigns: ['lora'], roots: [] })).failures).toEqual([]);
});

/** Kills the process below this one whose command line has the text, as soon as there is one. */
async function killWhenSeen(text: string): Promise<void> {
  const seen = () => commandsBelow(process.pid).find(({ command }) => command.includes(text));
  await until(`a process runs ${text}`, () => seen() !== undefined);
  const victim = seen();
  if (victim) process.kill(victim.pid, 'SIGKILL');
}

test('killing the trainer in training and the workers in collection changes no digest', async () => {
  const system = await startSystem();
  try {
    const handle = await system.start(TINY, 'disturbed');
    await until('the base policy trains', async () => (await stageOf(handle, 'base'))?.state === 'running');
    await killWhenSeen('pi_trainer train');
    const collecting = async () => (await stageOf(handle, 'BC+SR/collect'))?.state ?? 'waiting';
    await until('self-play is under way', async () => (await collecting()) !== 'waiting');
    await killWhenSeen('workers/main.js');
    expect(contentOf(await handle.result())).toEqual(contentOf(reference));
  } finally {
    await system.close();
  }
});
