import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCampaign } from '../../audit/readCampaign';
import { ExportFolder } from '../../cli/export/exportFolder';
import { exportInspect } from '../../cli/export/inspect';
import { Screening } from '../../cli/export/screened';
import { exportedCampaign, SAID } from '../support/exportedCampaign';
import { validate } from '../support/validators';

let home: string;
/** What Inspect reads of the evaluation's log. */
let read: { log: { eval: object; results: { scores: Record<string, unknown>[] } } };
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'inspect-'));
  const file = join(await exported(), 'evaluate-BC.eval');
  read = (await validate('inspect_log.py', [file])) as typeof read;
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

async function exported(name = 'out', collections = false): Promise<string> {
  const { bucket, id } = exportedCampaign();
  const folder = new ExportFolder(join(home, name), new Screening());
  await exportInspect(bucket, await readCampaign(bucket, id), folder, { collections });
  await folder.finish(false);
  return folder.path;
}

test('Inspect reads an evaluation whole, by header, by sample and as frames, and converts it there and back', () => {
  expect(read).toMatchObject({ evals: 1, goals: [9, 3, null] });
  expect(read).toMatchObject({
    log: {
      status: 'success',
      eval: {
        task: 'small/evaluate/BC',
        model: 'policy:abc',
        model_roles: { partner: { model: 'partner' }, judge: { model: 'judge' } },
        dataset: { name: 'test', samples: 3 },
        packages: { 'pi-loop': '0.3.0' },
      },
      stats: { model_usage: { judge: { input_tokens: 30, output_tokens: 9 } } },
      samples: [
        {
          messages: [
            { role: 'system' },
            { role: 'assistant', content: `said: "${SAID}"` },
            { role: 'user' },
            {},
          ],
          scores: { goal: { value: 9, explanation: 'anna on goal' }, partner_goal: { value: 3 } },
        },
        // Here the contestant sits in the second position.
        { messages: [{}, { role: 'user' }, { role: 'assistant' }, {}], scores: { goal: { value: 3 } } },
        { scores: null, metadata: { unrated: 'refusal' } },
      ],
    },
  });
});

test('an unrated episode has no score, and counts as unscored', () => {
  expect(read.log.results.scores.find(({ name }) => name === 'goal')).toMatchObject({
    scored_samples: 2,
    unscored_samples: 1,
    metrics: { mean: { value: 6 }, stderr: { value: 3 } },
  });
});

test('a log of simulated models says so where people look', () => {
  expect(read.log.eval).toMatchObject({
    task_display_name: 'small/evaluate/BC (simulated models)',
    tags: ['pi-loop', 'simulated'],
    metadata: { simulated: true },
  });
});

test('two exports have the same bytes; collections come when asked', async () => {
  const [one, two] = [await exported('one', true), await exported('two', true)];
  expect(readdirSync(one)).toEqual(['BC-collect.eval', 'evaluate-BC.eval']);
  for (const name of readdirSync(one)) {
    expect(readFileSync(join(two, name)).equals(readFileSync(join(one, name)))).toBe(true);
  }
});
