import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCampaign } from '../../audit/readCampaign';
import { ExportFolder } from '../../cli/export/exportFolder';
import { Screening } from '../../cli/export/screened';
import { exportSotopia } from '../../cli/export/sotopia';
import { EpisodeRecord } from '../../formats/sotopia/records';
import { exportedCampaign, SAID } from '../support/exportedCampaign';
import { validate } from '../support/validators';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'export-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

async function exported(name = 'out'): Promise<string> {
  const { bucket, id } = exportedCampaign();
  const folder = new ExportFolder(join(home, name), new Screening());
  await exportSotopia(bucket, await readCampaign(bucket, id), folder);
  await folder.finish(false);
  return folder.path;
}

const lines = (folder: string, name: string): EpisodeRecord[] =>
  readFileSync(join(folder, name), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => EpisodeRecord.parse(JSON.parse(line)));

test('Sotopia’s EpisodeLog reads each rated episode and renders it with its agents, words, reasons and scores', async () => {
  const folder = await exported();
  const { counts, rendered, rewards } = (await validate('sotopia_models.py', [folder], 'peer')) as {
    counts: Record<string, number>;
    rendered: { agents: string[]; texts: string[] }[];
    rewards: [number, Record<string, number>][][];
  };
  expect(counts).toMatchObject({
    episode_logs: 4,
    agent_profiles: 2,
    environment_profiles: 1,
    env_agent_combo_storages: 1,
  });
  const text = rendered[0]?.texts.join('\n');
  expect(rendered[0]?.agents).toEqual(['anna', 'bert']);
  expect(text).toContain(`anna said: "${SAID}"`);
  expect(text).toContain('bert: [action] nods');
  expect(text).toContain('goal: bert on goal');
  expect(rewards[0]?.[0]?.[0]).toBeCloseTo(9 / 7);
  expect(rewards[0]?.[1]?.[1]).toMatchObject({ goal: 3, secret: 0 });
});

test('an unrated episode is no EpisodeLog with zeros: it has a file of its own, with the reason', async () => {
  const unrated = lines(await exported(), 'unrated_episodes.jsonl');
  expect(unrated).toHaveLength(2);
  expect(unrated[0]).toMatchObject({ rewards: null, pi_loop: { unrated: 'refusal', simulated: true } });
});

test('the judge’s prompt is given back where it can be rendered to what was sent', async () => {
  const [rated] = lines(await exported(), 'episode_logs.jsonl');
  expect(rated?.rewards_prompt).toContain('Rate how two agents did');
  const [unrated] = lines(await exported('again'), 'unrated_episodes.jsonl');
  expect(unrated?.rewards_prompt).toBe('');
});

test('two exports of a campaign have the same bytes', async () => {
  const [one, two] = [await exported('one'), await exported('two')];
  for (const name of readdirSync(one)) {
    expect(readFileSync(join(two, name))).toEqual(readFileSync(join(one, name)));
  }
});

test('a text that looks like a secret stops the export, and nothing is left', async () => {
  const { bucket, id } = exportedCampaign();
  const screening = new Screening();
  const folder = new ExportFolder(join(home, 'out'), screening);
  await exportSotopia(bucket, await readCampaign(bucket, id), folder);
  screening.look(`AKIA${'ABCDEFGH'.repeat(2)}`, 'a text');
  await expect(folder.finish(false)).rejects.toThrow(/Nothing was exported.*\n.*a text:1:1/);
  folder.discard();
  expect(readdirSync(home)).toEqual([]);
});

test('a blob that was changed is not exported', async () => {
  const { bucket, id } = exportedCampaign();
  for (const [key, bytes] of bucket.objects) {
    if (bytes.includes('I take half'))
      bucket.objects.set(key, Buffer.from(bytes.toString().replace('half', 'most')));
  }
  const folder = new ExportFolder(join(home, 'out'), new Screening());
  const campaign = await readCampaign(bucket, id);
  await expect(exportSotopia(bucket, campaign, folder)).rejects.toThrow(/has bytes of digest/);
});
