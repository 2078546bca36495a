/** Stands for workers/buildIdentity, which reads and hashes sources. */
export const readBuildIdentity = () => ({
  version: 'simulated',
  commit: null,
  trainer: '0'.repeat(64),
  packages: '0'.repeat(64),
  prompts: {},
});
