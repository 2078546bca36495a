import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const SETUP = path.resolve(__dirname, '../../deploy/setup');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'setup-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const environment = () => ({ ...process.env, PI_LOOP_CACHE: path.join(folder, 'cache') });

/** What a function of a setup module returns; in a process of its own, since jest loads no such modules. */
async function call(module: string, name: string, ...args: unknown[]): Promise<unknown> {
  const code = `import { ${name} } from ${JSON.stringify(path.join(SETUP, module))};
    console.log(JSON.stringify(await ${name}(...${JSON.stringify(args)}) ?? null));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], {
    env: environment(),
  });
  return JSON.parse(stdout);
}

describe('settings handed from pip to uv', () => {
  test('keep the mirror, the certificate and the folders that exist', async () => {
    const text = [
      "global.index-url='https://mirror.example/simple'",
      ":env:.find-links='/no/such/folder'",
      `global.find-links='/no/such/folder\\n${folder}'`,
      "global.cert='/etc/ca.pem'",
      "global.timeout='60'",
    ].join('\n');
    await expect(call('pipSettings.mjs', 'settingsFromPip', text, {})).resolves.toEqual({
      UV_DEFAULT_INDEX: 'https://mirror.example/simple',
      UV_FIND_LINKS: folder,
      SSL_CERT_FILE: '/etc/ca.pem',
    });
  });

  test('give way to what the user set for uv', async () => {
    const text = "global.index-url='https://mirror.example/simple'";
    const own = { UV_DEFAULT_INDEX: 'https://own.example/simple' };
    await expect(call('pipSettings.mjs', 'settingsFromPip', text, own)).resolves.toEqual({});
  });
});

test.each([
  ['go1.26.8', true],
  ['go1.25.0', true],
  ['go1.24.11', false],
  ['go2.0', true],
  ['', false],
])('Go %p is new enough for VersityGW: %p', async (version, expected) => {
  await expect(call('steps/versitygw.mjs', 'isGoNewEnough', version)).resolves.toBe(expected);
});

describe('counting tests', () => {
  test('a jest file that cannot be loaded counts as failed', async () => {
    const file = path.join(folder, 'jest.json');
    writeFileSync(
      file,
      JSON.stringify({ numPassedTests: 7, numFailedTests: 1, numRuntimeErrorTestSuites: 2 }),
    );
    await expect(call('testCounts.mjs', 'jestCounts', file)).resolves.toEqual({ passed: 7, failed: 3 });
  });

  test('pytest: errors count as failed, skipped as neither', async () => {
    const file = path.join(folder, 'pytest.xml');
    const suite =
      '<testsuites><testsuite name="pytest" errors="1" failures="2" skipped="3" tests="10" time="1">';
    writeFileSync(file, suite);
    await expect(call('testCounts.mjs', 'pytestCounts', file)).resolves.toEqual({ passed: 4, failed: 3 });
  });

  test('a runner without a report counts as failed', async () => {
    const missing = path.join(folder, 'none');
    await expect(call('testCounts.mjs', 'pytestCounts', missing)).resolves.toEqual({ passed: 0, failed: 1 });
  });
});

describe('a cache entry', () => {
  /** Provides the entry in a process of its own; `build` is the body of its build function. */
  function provide(build: string) {
    const code = `import { writeFileSync } from 'node:fs';
      import { provideEntry } from ${JSON.stringify(path.join(SETUP, 'cacheEntry.mjs'))};
      await provideEntry({ directory: ${JSON.stringify(path.join(folder, 'cache/tool-1'))}, proof: 'done', onWait: () => {},
        build: async (partial) => { ${build} } });
      console.log('provided');`;
    const args = ['--input-type=module', '-e', code];
    return spawn(process.execPath, args, { env: environment(), stdio: ['ignore', 'pipe', 'inherit'] });
  }
  const whole = "writeFileSync(partial + '/done', '');";

  test('whose making was killed by kill -9 is not there, and is made anew', async () => {
    const killed = provide(
      "writeFileSync(partial + '/half', ''); console.log('half'); setInterval(() => {}, 1000); await new Promise(() => {});",
    );
    await once(killed.stdout, 'data');
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    expect(existsSync(path.join(folder, 'cache/tool-1'))).toBe(false);
    await once(provide(whole), 'exit');
    expect(readdirSync(path.join(folder, 'cache')).sort()).toEqual(['locks', 'tool-1']);
    expect(readdirSync(path.join(folder, 'cache/tool-1'))).toEqual(['done']);
  });

  test('that is there is not made again', async () => {
    mkdirSync(path.join(folder, 'cache/tool-1'), { recursive: true });
    writeFileSync(path.join(folder, 'cache/tool-1/done'), 'first');
    const [code] = await once(provide("throw new Error('made again')"), 'exit');
    expect(code).toBe(0);
  });
});
