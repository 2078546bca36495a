import { tombstoneKey } from '../../artifacts/documentKeys';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blobKey } from '../../artifacts/artifactStore';
import { readLog, readLogEntry } from '../../artifacts/campaignLog';
import { payloadOf } from '../../artifacts/signing/envelope';
import { type AuditedCampaign, readCampaign } from '../../audit/readCampaign';
import { referencesOf } from '../../audit/retention/references';
import { Envelope } from '../../schemas/attestation';
import { CollectedEpisode, Episode } from '../../schemas/episode';
import { Campaigns } from '../../client/campaigns';
import { type RunningSystem, startSystem, TINY } from '../support/campaignRuns';
import { runCommandLine, type Spec, writeCampaignFile } from '../support/controlledSystem';

let system: RunningSystem;
const files = mkdtempSync(join(tmpdir(), 'pi-loop-fork-'));
beforeAll(async () => {
  system = await startSystem();
});
afterAll(async () => {
  await system.close();
  rmSync(files, { recursive: true });
});

const pi = (...args: string[]) =>
  runCommandLine([...args, '--state', system.state], process.env, system.state);
const small = (spec: Spec) => {
  spec['evaluation'] = { tasks: 2, devTasks: 2, bootstrapSamples: 100 };
  spec['rounds'][0] = { ...spec['rounds'][0], tasks: 3 };
  spec['rounds'][1] = { ...spec['rounds'][1], tasks: 3, checkpoint: { choose: 'last' } };
};

const CHANGE = ['--at', 'BC+SR/filter', '--set', 'filter.top=1'];

test('a fork that changes only the SR filter reuses everything up to it, as it said before it started', async () => {
  const parent = await (
    await system.start(writeCampaignFile(files, 'parent', TINY, small), 'parent')
  ).result();
  const refused = await pi('fork', 'parent', '--at', 'BC+SR/filter', '--set', 'filter.tpo=1');
  expect([refused.code, refused.errors]).toEqual([2, expect.stringContaining('filter.top=2')]);

  // The parent is read from the store alone: Temporal may have forgotten it.
  const withoutTemporal = { ...process.env, TEMPORAL_ADDRESS: '127.0.0.1:1' };
  const shown = await runCommandLine(
    ['fork', 'parent', ...CHANGE, '--state', system.state],
    withoutTemporal,
    system.state,
  );
  expect([shown.code, shown.output]).toEqual([0, expect.stringContaining('Nothing is started yet')]);
  const { code, output } = await pi('fork', 'parent', ...CHANGE, '--id', 'forked', '--yes', '--json');
  expect(code).toBe(0);
  const said = JSON.parse(output);

  const result = await (await new Campaigns(system.client).find('forked')).result();
  const reused = result.stages.filter((stage) => stage.reused);
  expect(said.stages.flatMap((s: { stage: string; reused: boolean }) => (s.reused ? [s.stage] : []))).toEqual(
    result.stages.flatMap((stage) => (stage.reused ? [stage.id] : [])),
  );
  const anew = result.stages.filter((stage) => !stage.reused).map(({ id }) => id);
  expect(anew).toEqual(['BC+SR/filter', 'BC+SR/train', 'evaluate/BC+SR', 'results']);

  const saved = parent.stages.filter(({ id }) => !anew.includes(id));
  const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
  expect(said.saved.calls).toBe(sum(saved.map(({ cost }) => cost.calls)));
  expect(said.saved.seconds).toBeCloseTo(sum(reused.map(({ seconds }) => seconds)), 3);
  expect(said.saved.calls).toBeGreaterThan(0);

  const taken = await pi(
    'fork',
    'parent',
    '--at',
    'BC+SR/filter',
    '--set',
    'filter.top=3',
    '--id',
    'forked',
    '--yes',
  );
  expect([taken.code, taken.errors]).toEqual([2, expect.stringContaining('with another plan')]);
  const upstream = await pi('fork', 'parent', '--at', 'BC+SR/filtr', '--set', 'filter.top=3');
  expect([upstream.code, upstream.errors]).toEqual([
    2,
    expect.stringContaining('Did you mean "BC+SR/filter"'),
  ]);

  const first = await readLogEntry(system.store, 'forked', 1);
  expect(first?.entry.event).toMatchObject({ parent: { campaign: 'parent', stage: 'BC+SR/filter' } });
});

const json = async (...args: string[]) => {
  const { code, output, errors } = await pi(...args, '--json');
  if (code !== 0) throw new Error(`${args.join(' ')}: ${errors}`);
  return JSON.parse(output);
};
const isThere = async (digest: string) => (await system.store.read(blobKey(digest))) !== null;

/** Digests of all that a campaign's stages made and read, with what their folders and indexes name. */
async function belongings({ stages, plan }: AuditedCampaign): Promise<string[]> {
  const named = stages.flatMap(({ result, manifest }) => [
    manifest.digest,
    ...Object.values(result.outputs).map(({ digest }) => digest.sha256),
  ]);
  const leaves = await Promise.all(
    named.map(async (digest) => referencesOf(await system.store.getBytes(digest)).leaves),
  );
  return [plan.digest, ...named, ...leaves.flat()];
}
const lacking = async (digests: readonly string[]) => {
  const there = await Promise.all(digests.map(isThere));
  return digests.filter((_digest, index) => !there[index]);
};

test('screening of a simulated campaign finds nothing', async () => {
  const { findings, texts } = await json('audit', 'screen', 'parent');
  expect(findings).toEqual([]);
  expect(texts).toBeGreaterThan(50);
});

test('gc deletes exactly what it planned, and nothing that a campaign needs', async () => {
  for (const id of ['parent', 'forked']) await (await new Campaigns(system.client).find(id)).archived();
  const campaigns = await Promise.all(['parent', 'forked'].map((id) => readCampaign(system.store, id)));
  const needed = (await Promise.all(campaigns.map(belongings))).flat();
  const stray = await system.store.putJson({ nobody: 'needs this' }, 'stray.json');

  const young = await json('gc');
  expect(young.gone).toEqual([]);
  const options = ['gc', '--keep-days', '0', '--checkpoints'];
  const plan = await json(...options);
  expect(plan.gone.map(({ key }: { key: string }) => key)).toContain(blobKey(stray.digest.sha256));
  expect(plan.bytes).toBeGreaterThan(100_000);

  const refused = await pi(...options, '--delete', 'f'.repeat(64));
  expect([refused.code, refused.errors]).toEqual([1, expect.stringContaining('another by now')]);
  expect(await isThere(stray.digest.sha256)).toBe(true);
  await json(...options, '--delete', plan.digest);
  expect(await isThere(stray.digest.sha256)).toBe(false);
  expect(await lacking(needed)).toEqual([]);
  expect((await json(...options)).gone).toEqual([]);
});

test('a dropped parent leaves its fork whole, and a tombstone for all that its manifests name', async () => {
  const [parent, forked] = await Promise.all(
    ['parent', 'forked'].map((id) => readCampaign(system.store, id)),
  );
  if (!parent || !forked) throw new Error('no campaigns');
  const needed = await belongings(forked);
  const dataset = parent.stages.find(({ id }) => id === 'BC+SR/filter')?.result.outputs['dataset'];
  const options = ['gc', '--keep-days', '0', '--drop', 'parent'];
  const plan = await json(...options);
  expect(plan.tombstones).toContain(dataset?.digest.sha256);
  await json(...options, '--delete', plan.digest);

  expect(await lacking(needed)).toEqual([]);
  expect(await lacking([dataset?.digest.sha256 ?? ''])).toHaveLength(1);
  for (const digest of plan.tombstones) {
    const envelope = await system.store.getDocument(tombstoneKey(digest), Envelope);
    expect(JSON.parse(payloadOf(envelope as Envelope))).toMatchObject({ digest, cause: 'collected' });
  }
  expect((await readLog(system.store, 'parent')).at(-1)?.entry.event.kind).toBe('collected');
  // The manifests stay.
  expect(await lacking(parent.stages.map(({ manifest }) => manifest.digest))).toEqual([]);
});

test('policies trained on a forgotten episode are named, and go only when told so', async () => {
  const forked = await readCampaign(system.store, 'forked');
  const outputOf = (stage: string, role: string) =>
    forked.stages.find(({ id }) => id === stage)?.result.outputs[role]?.digest.sha256 ?? '';
  const [row] = (await system.store.getBytes(outputOf('BC/filter', 'dataset'))).toString('utf8').split('\n');
  const { episode } = JSON.parse(row ?? '');
  const asked = ['forget', '--episode', episode, '--why', 'asked for'];
  const plan = await json(...asked);
  expect(plan.blobs).toContain(outputOf('BC/filter', 'dataset'));
  const built = plan.builtOn.map(({ stage }: { stage: string }) => stage);
  expect(built).toEqual(expect.arrayContaining(['BC/train', 'BC+SR/train', 'evaluate/BC', 'results']));
  expect(built).not.toContain('evaluate/base');

  await json(...asked, '--yes', '--with-policies');
  expect(await lacking([outputOf('BC/train', 'policy'), outputOf('BC+SR/train', 'policy')])).toHaveLength(2);
  const base = outputOf('base', 'policy');
  expect(await lacking([base, ...referencesOf(await system.store.getBytes(base)).leaves])).toEqual([]);
});

test('a forgotten text is nowhere in the store, and no tombstone repeats it', async () => {
  const forked = await readCampaign(system.store, 'forked');
  const index = forked.stages.find(({ id }) => id === 'BC+SR/collect')?.result.outputs['episodes'];
  const [row] = await system.store.getJsonLines(index?.digest.sha256 ?? '', CollectedEpisode);
  const episode = await system.store.getJson(row?.episode ?? '', Episode);
  const text =
    episode.turns.map(({ action }) => action.argument).sort((a, b) => b.length - a.length)[0] ?? '';
  const asked = ['forget', '--text', text, '--why', 'asked for by its author'];
  const plan = await json(...asked);
  expect(plan.blobs).toContain(row?.episode);
  expect(await isThere(row?.episode ?? '')).toBe(true);

  await json(...asked, '--yes');
  expect(await lacking(plan.blobs)).toEqual(plan.blobs);
  const again = await json(...asked);
  expect([again.blobs, again.documents, again.bound]).toEqual([[], [], []]);
  expect((await readLog(system.store, 'forked')).at(-1)?.entry.event).toEqual({
    kind: 'forgotten',
    blobs: plan.blobs,
  });
  const repeated = await pi('forget', '--text', text, '--why', `the text was ${text}`);
  expect(repeated.code).toBe(2);
});
