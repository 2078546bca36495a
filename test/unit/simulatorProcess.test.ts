import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

const ROOT = join(__dirname, '../..');

describe('node dist/simulator/main.js', () => {
  let dist: string;
  beforeAll(() => {
    mkdirSync(join(ROOT, '.pi-loop'), { recursive: true });
    dist = mkdtempSync(join(ROOT, '.pi-loop', 'simulator-test-'));
    // Types are checked elsewhere; here only the compiled program is needed.
    spawnSync('npx', ['tsc', '-p', 'tsconfig.build.json', '--outDir', dist, '--noCheck'], { cwd: ROOT });
  });
  afterAll(() => rmSync(dist, { recursive: true, force: true }));

  const started = (...options: string[]) => startedProgram('simulator/main.js', ...options);

  async function startedProgram(
    program: string,
    ...options: string[]
  ): Promise<{ child: ChildProcess; baseUrl: string; ended: Promise<unknown[]> }> {
    const child = spawn(process.execPath, [join(dist, program), ...options], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    const [line] = (await once(createInterface({ input: child.stdout as Readable }), 'line')) as [string];
    const ready = JSON.parse(line) as { event: string; baseUrl: string };
    expect(ready).toEqual({
      event: 'ready',
      baseUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/v1$/),
    });
    return { child, baseUrl: ready.baseUrl, ended };
  }

  const body = (model: string): string =>
    JSON.stringify({ model, messages: [{ role: 'system', content: 'meet for lunch free first=monday' }] });
  const ask = (baseUrl: string, model: string) =>
    fetch(`${baseUrl}/chat/completions`, { method: 'POST', body: body(model) });

  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s: answers what is in flight, then exits with 0',
    async (signal) => {
      const { child, baseUrl, ended } = await started();
      expect((await ask(baseUrl, 'simulated-partner')).status).toBe(200);
      const inFlight = request(`${baseUrl}/chat/completions`, {
        method: 'POST',
        headers: { expect: '100-continue' },
      });
      inFlight.flushHeaders();
      await once(inFlight, 'continue');
      child.kill(signal);
      inFlight.end(body('simulated-partner+latency:200'));
      const [response] = (await once(inFlight, 'response')) as [IncomingMessage];
      expect(response.statusCode).toBe(200);
      response.resume();
      expect(await ended).toEqual([0, null]);
    },
  );

  test('--exit-with-stdin: the end of standard input is the end of the server', async () => {
    const { child, baseUrl, ended } = await started('--exit-with-stdin');
    expect((await ask(baseUrl, 'simulated-partner')).status).toBe(200);
    child.stdin?.end();
    expect(await ended).toEqual([0, null]);
  });

  test('the provider beside it takes its settings at the start and while it runs, and ends with standard input', async () => {
    const settings = JSON.stringify({ models: { 'gpt-4o': {} }, quota: { calls: 0 } });
    const program = 'simulator/provider/main.js';
    const { child, baseUrl, ended } = await startedProgram(
      program,
      '--settings',
      settings,
      '--exit-with-stdin',
    );
    const call = () =>
      fetch(`${baseUrl}/chat/completions`, {
        method: 'POST',
        headers: { authorization: 'Bearer a' },
        body: body('gpt-4o'),
      });
    expect((await call()).status).toBe(429);
    const admin = baseUrl.replace('/v1', '/admin');
    await fetch(`${admin}/settings`, { method: 'POST', body: '{"quota":{"calls":1}}' });
    expect((await call()).status).toBe(200);
    expect(await (await fetch(`${admin}/counts`)).json()).toMatchObject({
      served: 1,
      turnedAway: { quota: 1 },
    });
    child.stdin?.end();
    expect(await ended).toEqual([0, null]);
  });

  test('a port that is taken, or no port at all: says so and exits with 2', async () => {
    const { child, baseUrl, ended } = await started();
    const run = (port: string) =>
      spawnSync(process.execPath, [join(dist, 'simulator/main.js'), '--port', port], { encoding: 'utf8' });
    const taken = run(new URL(baseUrl).port);
    expect([taken.status, taken.stderr]).toEqual([2, expect.stringContaining('EADDRINUSE')]);
    const wrong = run('many');
    expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining('--port')]);
    child.kill('SIGTERM');
    await ended;
  });
});
