import { cpus, release, totalmem } from 'node:os';
import { version } from '../package.json';

/** What a figure was measured on. */
export const describeMachine = () => ({
  cores: cpus().length,
  processor: cpus()[0]?.model ?? 'unknown',
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  kernel: release(),
  node: process.version,
  piLoop: version,
});
