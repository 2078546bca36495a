import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { entryPath, provideEntry } from '../cacheEntry.mjs';
import { runCommand } from '../command.mjs';
import { digestOf, PLATFORM, ROOT } from '../paths.mjs';
import { provideUv } from '../python.mjs';

/** Another lock may be named, for instance one made against an index of CPU wheels, which saves 4 GB. */
const LOCK = path.resolve(ROOT, process.env.PI_LOOP_TRAINER_LOCK ?? 'trainer/requirements.lock');
const PYTHON = 'bin/python';
/** Loads what training and serving load, which also writes its byte code: the first job starts 15 s sooner. */
const WARM_UP =
  'import torch, transformers, datasets, accelerate, peft, trl; from trl import SFTConfig, SFTTrainer';
const OFFLINE = {
  HF_HUB_OFFLINE: '1',
  TOKENIZERS_PARALLELISM: 'false',
  CUDA_VISIBLE_DEVICES: '',
  OMP_NUM_THREADS: '1',
};

const own = process.env.PI_LOOP_TRAINER_PYTHON;
const directory = entryPath('trainer', digestOf(existsSync(LOCK) ? readFileSync(LOCK) : '', PLATFORM));
const python = own ?? path.join(directory, PYTHON);

async function build(partial, progress) {
  const uv = await provideUv(progress);
  progress.say('uv venv');
  await uv.run(
    ['venv', '--quiet', '--relocatable', '--python', uv.python, '--no-python-downloads', '--clear', partial],
    progress.say,
  );
  progress.say('uv pip sync');
  await uv.run(
    ['pip', 'sync', '--require-hashes', '--python', path.join(partial, PYTHON), LOCK],
    progress.say,
  );
  progress.say('first import, which compiles');
  await runCommand(path.join(partial, PYTHON), ['-c', WARM_UP], { env: OFFLINE });
}

/** @type {import('../steps.mjs').Step} */
export const trainer = {
  name: 'Trainer (Python)',
  what: 'torch, transformers, TRL and PEFT, locked with hashes: 5 GB on disk, one to three minutes',
  diskBytes: 7e9,
  needs: [],
  isReady: () => existsSync(python) || !existsSync(LOCK),
  provides: { trainerPython: python },
  run: (progress) =>
    provideEntry({
      directory,
      proof: PYTHON,
      onWait: (pid) => progress.say(`waiting for another setup (process ${pid})`),
      build: (partial) => build(partial, progress),
    }),
};
