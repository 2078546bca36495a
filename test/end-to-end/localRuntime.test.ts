import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { built } from '../../deploy/local/checkout';
import { HOST, isPortFree } from '../../deploy/local/ports';
import { localEnvironment, readStatus } from '../../deploy/local/runtimeStatus';
import { isRunning } from '../../deploy/shared/processIdentity.cjs';
import { descendantsOf, until, untilGone } from '../support/processes';

const CLI = built('cli/main.js');
const SUPERVISOR = path.join(__dirname, 'fixtures/supervisor.cjs');

let state: string;
const started: ChildProcess[] = [];
beforeEach(() => {
  state = mkdtempSync(path.join(tmpdir(), 'runtime-'));
});
afterEach(async () => {
  // What a failed test left; its guards end the rest.
  for (const child of started.splice(0)) child.kill('SIGKILL');
  await pi('down', '--state', state);
  rmSync(state, { recursive: true, force: true });
});

/** An environment in which no part is somebody else's. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const {
    TEMPORAL_ADDRESS: _temporal,
    S3_ENDPOINT: _s3,
    PI_LOOP_SIMULATOR_URL: _simulator,
    ...rest
  } = process.env;
  return rest;
}

function start(args: string[], environment: NodeJS.ProcessEnv = {}): ChildProcess & { pid: number } {
  const env = { ...ownEnvironment(), ...environment };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(child);
  return child as ChildProcess & { pid: number };
}

async function pi(...args: string[]) {
  const child = start([CLI, ...args]);
  let output = '';
  let errors = '';
  child.stdout?.on('data', (data) => (output += data));
  child.stderr?.on('data', (data) => (errors += data));
  const [code] = await once(child, 'close');
  return { code, output, errors };
}

/** The events of a runtime with a fake worker, in a process of its own. */
async function startSupervisor(environment: NodeJS.ProcessEnv = {}) {
  const child = start([SUPERVISOR, state], environment);
  const events: { part: string; kind: string; message?: string }[] = [];
  if (child.stdout) createInterface(child.stdout).on('line', (line) => events.push(JSON.parse(line)));
  const count = (part: string, kind: string) =>
    events.filter((event) => event.part === part && event.kind === kind).length;
  await until('the runtime is ready or has failed', () => events.at(-1)?.part === 'runtime');
  return { child, events, count };
}

function processOf(part: string): number {
  const pid = readStatus(state).record?.parts.find(({ name }) => name === part)?.process?.pid;
  if (pid === undefined) throw new Error(`${part} does not run`);
  return pid;
}

describe('pi-loop up --detach and down', () => {
  test('leave nothing running, and keep the key to themselves', async () => {
    const up = await pi('up', '--detach', '--no-workers', '--state', state);
    expect(up).toMatchObject({ code: 0, output: expect.stringContaining('running in the background') });
    const { record } = readStatus(state);
    const supervisor = record?.supervisor ?? { pid: -1, startedAt: '' };
    const processes = [supervisor, ...descendantsOf(supervisor.pid)];
    expect(processes.length).toBeGreaterThan(3);
    expect(statSync(path.join(state, 'credentials.json')).mode & 0o777).toBe(0o600);
    expect(JSON.stringify(record)).not.toContain(localEnvironment(state)['AWS_SECRET_ACCESS_KEY']);

    const down = await pi('down', '--state', state);
    expect(down).toMatchObject({
      code: 0,
      output: expect.stringContaining('stopped temporal, s3, simulator'),
    });
    expect(processes.filter(isRunning)).toEqual([]);
    expect(readStatus(state)).toEqual({ state: 'down' });
  });

  test('a second and a simultaneous up find the first one', async () => {
    const ups = await Promise.all([1, 2].map(() => pi('up', '--detach', '--no-workers', '--state', state)));
    const again = await pi('up', '--no-workers', '--state', state);
    expect([...ups, again].map(({ code }) => code)).toEqual([0, 0, 0]);
    const address = readStatus(state).record?.environment['TEMPORAL_ADDRESS'];
    for (const { output } of [...ups, again]) expect(output).toContain(address);
    expect(again.output).toContain('already running');
  });

  test('down with nothing running says so', async () => {
    await expect(pi('down', '--state', state)).resolves.toMatchObject({
      code: 0,
      output: expect.stringContaining('nothing runs'),
    });
  });
});

describe('pi-loop up', () => {
  test('refuses a busy port that was asked for, names its holder, and starts nothing', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
    const { port } = server.address() as AddressInfo;
    const up = await pi('up', '--no-workers', '--state', state, '--s3-port', String(port));
    server.close();
    expect(up.code).toBe(1);
    expect(up.errors).toContain(`PORT_BUSY: s3: port ${port} is in use by`);
    expect(up.errors).toContain(`process ${process.pid}`);
    expect(up.errors).not.toContain('starting');
  });

  test('stops everything at Ctrl-C', async () => {
    const child = start([CLI, 'up', '--no-workers', '--state', state]);
    await until('it runs', () => readStatus(state).state === 'running');
    const processes = descendantsOf(child.pid);
    child.kill('SIGINT');
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
    expect(processes.filter(isRunning)).toEqual([]);
  });

  test('can be called off while it starts', async () => {
    const child = start([CLI, 'up', '--no-workers', '--state', state]);
    await until('it has children', () => descendantsOf(child.pid).length > 0);
    const processes = descendantsOf(child.pid);
    child.kill('SIGINT');
    await once(child, 'exit');
    await untilGone(processes);
    expect(readStatus(state)).toEqual({ state: 'down' });
  });
});

describe('a local runtime', () => {
  test('dies with a supervisor killed by kill -9, to the last grandchild, and can be started again', async () => {
    const first = await startSupervisor();
    const processes = descendantsOf(first.child.pid);
    expect(processes.length).toBeGreaterThan(5);
    first.child.kill('SIGKILL');
    await untilGone(processes);
    const second = await startSupervisor();
    expect(second.count('temporal', 'ready')).toBe(1);
  });

  test('starts a dead part again, where it was', async () => {
    const { count } = await startSupervisor();
    const before = readStatus(state).record;
    const [server] = descendantsOf(processOf('temporal'));
    process.kill(server?.pid ?? -1, 'SIGKILL');
    await until('temporal is ready again', () => count('temporal', 'ready') === 2);
    const after = readStatus(state).record;
    expect(after?.environment).toEqual(before?.environment);
    expect(after?.parts.find(({ name }) => name === 'temporal')).toMatchObject({ restarts: 1 });
    expect(count('workers', 'died')).toBe(0);
  });

  test('stops workers first, then simulator, S3 and Temporal, and frees the ports', async () => {
    const { child, events } = await startSupervisor();
    const processes = descendantsOf(child.pid);
    const port = Number(readStatus(state).record?.environment['TEMPORAL_ADDRESS']?.split(':')[1]);
    await expect(isPortFree(port)).resolves.toBe(false);
    child.kill('SIGTERM');
    await once(child, 'close');
    const order = events.filter(({ kind }) => kind === 'stopped').map(({ part }) => part);
    expect(order).toEqual(['workers', 'simulator', 's3', 'temporal']);
    await expect(isPortFree(port)).resolves.toBe(true);
    expect(processes.filter(isRunning)).toEqual([]);
  });

  test('tells why a worker did not start, and leaves nothing running', async () => {
    const { child, events } = await startSupervisor({ FAKE_WORKER_FAILS: '1' });
    if (child.exitCode === null) await once(child, 'close');
    expect(events.at(-1)).toMatchObject({
      kind: 'PART_FAILED',
      message: expect.stringMatching(/workers ended before it was ready \(status 3\):\nno such queue/),
    });
    expect(events.filter(({ kind }) => kind === 'stopped').map(({ part }) => part)).toContain('temporal');
    expect(readStatus(state)).toEqual({ state: 'down' });
  });

  test('starts no part that the environment names', async () => {
    const given = {
      TEMPORAL_ADDRESS: 'temporal.example:7233',
      S3_ENDPOINT: 'http://s3.example',
      PI_LOOP_SIMULATOR_URL: 'http://simulator.example/v1',
    };
    const { events } = await startSupervisor(given);
    expect(new Set(events.map(({ part }) => part))).toEqual(new Set(['workers', 'runtime']));
    expect(localEnvironment(state)).toMatchObject(given);
    expect(localEnvironment(state)).not.toHaveProperty('AWS_SECRET_ACCESS_KEY');
  });
});
