import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readLogEntry } from '../../artifacts/campaignLog';
import { Campaigns } from '../../client/campaigns';
import { type RunningSystem, startSystem, TINY } from '../support/campaignRuns';
import { runCommandLine, type Spec, writeCampaignFile } from '../support/controlledSystem';

jest.setTimeout(240_000);

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

  const shown = await pi('fork', 'parent', ...CHANGE);
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

  const first = await readLogEntry(system.store, 'forked', 1);
  expect(first?.entry.event).toMatchObject({ parent: { campaign: 'parent', stage: 'BC+SR/filter' } });
});
