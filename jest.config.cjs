/** @type {import('jest').Config} */
module.exports = {
  rootDir: __dirname,
  roots: ['<rootDir>/test'],
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testEnvironment: 'node',
  testSequencer: '<rootDir>/test/support/longestFirst.cjs',
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.pi-loop/'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
        module: { type: 'commonjs' },
      },
    ],
  },
  // Real servers are started by some tests; a loaded two-core machine needs the room, a hung test still ends.
  testTimeout: 120_000,
  // Most tests wait for servers: one at a time would leave one of two cores idle; three wait for the cores.
  maxWorkers: 2,
};
