/**
 * npm test: sets up what is missing, then runs every check, whatever the ones before it said, and ends with the line
 * `N passed, N failed`: tests of jest and pytest; a check of another kind that fails counts as one failed.
 * npm test -- ARGUMENTS runs jest alone, with the arguments.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runCommand } from './command.mjs';
import { ROOT, TOOLS_FILE } from './paths.mjs';
import { reportFailure, setUp } from './setup.mjs';
import { jestCounts, pytestCounts } from './testCounts.mjs';

const total = { passed: 0, failed: 0 };
try {
  await setUp('test');
} catch (error) {
  reportFailure(error);
  total.failed += 1;
}

const { trainerPython } = existsSync(TOOLS_FILE)
  ? JSON.parse(readFileSync(TOOLS_FILE, 'utf8'))
  : { trainerPython: 'python3' };
const reports = mkdtempSync(path.join(tmpdir(), 'pi-loop-test-'));
const bin = (name) => path.join(ROOT, 'node_modules/.bin', name);
const TRAINER = path.join(ROOT, 'trainer');
/** What a test may not do: look for models in the net, use a GPU, take the cores from the tests beside it. */
const TRAINER_ENVIRONMENT = {
  HF_HUB_OFFLINE: '1',
  TOKENIZERS_PARALLELISM: 'false',
  CUDA_VISIBLE_DEVICES: '',
  OMP_NUM_THREADS: '1',
};

const python = (...args) => ({
  command: trainerPython,
  args: ['-m', ...args],
  cwd: TRAINER,
  env: TRAINER_ENVIRONMENT,
});

const jestReport = path.join(reports, 'jest.json');
const pytestReport = path.join(reports, 'pytest.xml');
const jestArguments = process.argv.slice(2);

const jest = {
  name: 'jest',
  command: bin('jest'),
  args: ['--json', `--outputFile=${jestReport}`, ...jestArguments],
  show: true,
  counts: () => jestCounts(jestReport),
};

/** The trainer's rules hold for the validators of formats as well. */
const RUFF = ['--config', 'pyproject.toml', '.', '../test/formats/validators'];

const ALL = [
  { name: 'lint', command: bin('oxlint'), args: ['--type-aware', '--deny-warnings'] },
  { name: 'format', command: bin('biome'), args: ['format', '.'] },
  { name: 'types', command: bin('tsc'), args: ['--noEmit'] },
  { name: 'ruff', ...python('ruff', 'check', ...RUFF) },
  { name: 'ruff format', ...python('ruff', 'format', '--check', ...RUFF) },
  {
    name: 'pytest',
    ...python('pytest', `--junitxml=${pytestReport}`),
    show: true,
    counts: () => pytestCounts(pytestReport),
  },
  jest,
];

/** @param {import('./testCounts.mjs').Counts} counts */
function add({ passed, failed }) {
  total.passed += passed;
  total.failed += failed;
}

/** @returns {Promise<import('./testCounts.mjs').Counts>} */
async function runCheck({ name, command, args, counts, ...options }) {
  const started = performance.now();
  const seconds = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
  try {
    await runCommand(command, args, options);
    process.stderr.write(`✓ ${name}, ${seconds()}\n`);
    return counts?.() ?? { passed: 0, failed: 0 };
  } catch (error) {
    process.stderr.write(`✗ ${name}, ${seconds()}\n${error.message}\n`);
    const counted = counts?.() ?? { passed: 0, failed: 1 };
    // A runner can fail without a failed test: an open handle, a worker that crashed.
    return { ...counted, failed: Math.max(1, counted.failed) };
  }
}

const checks = jestArguments.length > 0 ? [jest] : ALL;
for (const check of checks.filter(({ counts }) => !counts)) add(await runCheck(check));
// Tests of jest mostly wait; pytest beside them costs little.
await Promise.all(checks.filter(({ counts }) => counts).map(async (suite) => add(await runCheck(suite))));
rmSync(reports, { recursive: true, force: true });
process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`);
process.exitCode = total.failed === 0 ? 0 : 1;
