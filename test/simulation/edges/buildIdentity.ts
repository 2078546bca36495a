/** Stands for workers/buildIdentity, which reads and hashes the trainer's sources. */
export const readBuildIdentity = () => ({ version: 'simulated', trainer: 'simulated' });
