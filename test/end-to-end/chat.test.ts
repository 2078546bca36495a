import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { readCampaign } from '../../audit/readCampaign';
import { policyNamed } from '../../audit/upstream';
import { setScene } from '../../chat/scene';
import { built } from '../../deploy/local/checkout';
import { Episode } from '../../schemas/episode';
import { Rating } from '../../schemas/rating';
import { type FinishedCampaign, finishedCampaign } from '../support/finishedCampaign';
import { commandsBelow, descendantsOf, until, untilGone } from '../support/processes';

const scratch = mkdtempSync(join(tmpdir(), 'pi-loop-chat-'));
let campaign: FinishedCampaign;
beforeAll(async () => {
  campaign = await finishedCampaign();
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

interface Chatting {
  child: ChildProcess;
  /** What it has written so far. */
  output: () => { stdout: string; stderr: string };
  ended: Promise<unknown[]>;
}

/** The bucket's folder is all it has: no Temporal, no store, no simulator. */
function chat(...args: string[]): Chatting {
  const { PI_LOOP_SIMULATOR_URL: _simulator, ...environment } = process.env;
  const child = spawn(
    process.execPath,
    [built('cli/main.js'), 'chat', ...args, '--directory', campaign.directory, '--state', scratch],
    { env: { ...environment, PI_LOOP_SCRATCH: join(scratch, 'policies') }, stdio: 'pipe' },
  );
  const written = { stdout: '', stderr: '' };
  child.stdout.on('data', (data) => (written.stdout += data));
  child.stderr.on('data', (data) => (written.stderr += data));
  return { child, output: () => written, ended: once(child, 'close') };
}

const Printed = z.strictObject({
  campaign: z.string(),
  policy: z.string(),
  episode: Episode,
  rating: Rating,
});

test('piped lines are the turns of one side, the policy takes the other, and the judge rates both', async () => {
  const transcript = join(scratch, 'transcript.txt');
  const { child, output, ended } = chat('BC', '--json', '--transcript', transcript);
  child.stdin?.end('Shall we share it?\n\n/nonsense\n/gesture nods\n/leave\nnobody hears this\n');
  expect([await ended, output().stderr]).toEqual([[0, null], expect.stringContaining('no /nonsense')]);

  const { policy, episode, rating } = Printed.parse(JSON.parse(output().stdout));
  expect(policy).toBe(policyNamed(await readCampaign(campaign.bucket, 'tiny'), 'BC'));
  const own = episode.turns.filter(({ speaker }) => speaker === 0).map(({ action }) => action);
  const lines = [
    { type: 'speak', argument: 'Shall we share it?' },
    { type: 'non-verbal communication', argument: 'nods' },
    { type: 'leave', argument: '' },
  ];
  // The policy may leave first.
  expect(own).toEqual(lines.slice(0, own.length));
  const theirs = episode.turns.filter(({ speaker }) => speaker === 1);
  expect(theirs.length).toBeGreaterThan(0);
  expect(theirs.map(({ call }) => call.servedDigest)).toEqual(theirs.map(() => policy));
  expect(rating.kind).toBe('rated');

  const { cast } = await setScene(campaign.bucket, { policy: 'BC' });
  const shown = readFileSync(transcript, 'utf8');
  expect(shown).toContain('said: "Shall we share it?"');
  for (const text of [shown, output().stderr]) {
    expect(text).toContain(cast.task.goals[0]);
    expect(text).not.toContain(cast.task.goals[1]);
    expect(text).not.toContain(cast.agents[1].secret);
  }
});

test.each([
  ['SIGINT', [130, null]],
  ['SIGKILL', [null, 'SIGKILL']],
] as const)('nothing that it started is left after %s', async (signal, end) => {
  const { child, output, ended } = chat('BC');
  child.stdin?.write('Hello.\n');
  await until(
    'the policy has answered',
    () => output().stdout.split(/\n.* (?:said:|left|did|\[)/).length > 2,
  );
  const started = descendantsOf(child.pid ?? -1);
  const commands = commandsBelow(child.pid ?? -1).map(({ command }) => command);
  expect(commands).toContainEqual(expect.stringContaining('pi_trainer serve'));
  expect(commands).toContainEqual(expect.stringContaining('simulator/main.js'));
  child.kill(signal);
  expect(await ended).toEqual(end);
  await untilGone(started);
});

test('a policy or task that is not there is refused with those that are, and nothing is started', async () => {
  for (const [args, named] of [
    [['nobody'], 'BC+SR'],
    [['BC', '--task', 'none'], 'task-'],
  ] as const) {
    const { child, output, ended } = chat(...args);
    child.stdin?.end();
    expect([await ended, output()]).toEqual([
      [2, null],
      { stdout: '', stderr: expect.stringContaining(named) },
    ]);
  }
});
