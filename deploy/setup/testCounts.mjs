/** Counting tests from the reports of the runners. */
import { existsSync, readFileSync } from 'node:fs';

/** @typedef {{ passed: number, failed: number }} Counts */

/** A runner that wrote no report counts as one failure. */
const NO_REPORT = { passed: 0, failed: 1 };

/** @param {string} file what `jest --json --outputFile` wrote @returns {Counts} */
export function jestCounts(file) {
  if (!existsSync(file)) return NO_REPORT;
  const report = JSON.parse(readFileSync(file, 'utf8'));
  // A file that cannot be loaded holds tests that never ran.
  return { passed: report.numPassedTests, failed: report.numFailedTests + report.numRuntimeErrorTestSuites };
}

/** @param {string} file what `pytest --junitxml` wrote @returns {Counts} */
export function pytestCounts(file) {
  if (!existsSync(file)) return NO_REPORT;
  const suite = /<testsuite [^>]*>/.exec(readFileSync(file, 'utf8'))?.[0] ?? '';
  const count = (name) => Number(new RegExp(` ${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
  const failed = count('failures') + count('errors');
  return { passed: count('tests') - failed - count('skipped'), failed };
}
