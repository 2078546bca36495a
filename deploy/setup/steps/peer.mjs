import { pythonEnvironment } from '../pythonEnvironment.mjs';

const { python, step } = pythonEnvironment({
  id: 'peer',
  name: 'Peer (Python)',
  what: 'sotopia from the Python package index, for comparison only: 0.5 GB on disk, ten seconds',
  lock: 'bench/peer/requirements.txt',
});

/** Interpreter of an environment with the package `sotopia`: benches compare with it, tests read our exports with it. */
export const peerPython = python;
export const peer = step;
