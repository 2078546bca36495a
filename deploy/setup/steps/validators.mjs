import { pythonEnvironment } from '../pythonEnvironment.mjs';

const { python, step } = pythonEnvironment({
  id: 'validators',
  name: 'Validators (Python)',
  what: 'other projects’ readers of the formats we write, for tests only, locked with hashes: 0.7 GB on disk, twenty seconds',
  lock: 'test/formats/validators/requirements.lock',
  options: ['--require-hashes'],
});

/** Interpreter of the environment that test/formats/validators/requirements.lock describes. */
export const validatorsPython = python;
export const validators = step;
