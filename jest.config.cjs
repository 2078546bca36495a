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
  // A hung test ends; how long one may take is no promise, and a loaded machine needs the room.
  testTimeout: 600_000,
  // Most tests wait for servers: with two at a time the cores are idle for a third of the time.
  maxWorkers: 3,
};
