import { blob } from '../tamperedBucket';
import { deleted, fileOf, flip, flipped, gone, RESULTS, rowOf, type Tampering } from './tamper';

/** Bits that flip, and blobs that are gone or are others. */
export const BYTES: Tampering[] = [
  {
    what: 'a bit of an episode',
    builtOnIt: RESULTS,
    tamper: (b) => flip(b, blob(rowOf(b, 'BC/collect')['episode'])),
  },
  {
    what: 'a bit of a rating',
    builtOnIt: RESULTS,
    tamper: (b) => flip(b, blob(rowOf(b, 'BC/collect')['rating'])),
  },
  {
    what: 'a bit of a rating in an evaluation',
    builtOnIt: RESULTS,
    tamper: (b) => flip(b, blob(rowOf(b, 'evaluate/BC+SR')['rating'])),
  },
  { what: 'a bit of an index of episodes', builtOnIt: RESULTS, tamper: flipped('BC/collect', 'episodes') },
  {
    what: 'a bit of the decisions',
    builtOnIt: 'campaign tiny: stage BC/filter',
    tamper: flipped('BC/filter', 'decisions'),
  },
  { what: 'a bit of a dataset', builtOnIt: RESULTS, tamper: flipped('BC/filter', 'dataset') },
  { what: 'a bit of the corpus', builtOnIt: RESULTS, tamper: flipped('corpus', 'corpus') },
  { what: 'a bit of the task set', builtOnIt: RESULTS, tamper: flipped('tasks', 'tasks') },
  { what: 'a bit of the report on tasks', tamper: flipped('tasks', 'report') },
  { what: 'a bit of a policy’s listing', builtOnIt: RESULTS, tamper: flipped('BC/train', 'policy') },
  {
    what: 'a bit of a policy’s weights',
    builtOnIt: RESULTS,
    tamper: (b) => flip(b, fileOf(b, 'BC/train', 'model.safetensors')),
  },
  {
    what: 'a bit of a tokenizer',
    builtOnIt: RESULTS,
    tamper: (b) => flip(b, fileOf(b, 'BC/train', 'tokenizer.json')),
  },
  { what: 'a bit of the list of checkpoints', tamper: flipped('BC/train', 'checkpoints') },
  { what: 'a bit of a training’s metrics', tamper: flipped('BC/train', 'metrics') },
  { what: 'a bit of an evaluation', builtOnIt: RESULTS, tamper: flipped('evaluate/BC', 'evaluation') },
  { what: 'a bit of the result table', builtOnIt: RESULTS, tamper: flipped('results', 'results') },
  { what: 'a bit of the checkpoints’ scores', tamper: flipped('BC+SR/choose', 'scores') },
  {
    what: 'a bit of a manifest',
    builtOnIt: RESULTS,
    tamper: (b) => flip(b, blob(b.stage('BC/train').manifest.digest)),
  },
  {
    what: 'a bit of the plan',
    builtOnIt: 'campaign tiny',
    tamper: (b) => flip(b, blob(b.campaign.plan.digest)),
  },
  {
    what: 'a bit of an archived history',
    tamper: (b) => {
      const event = b.campaign.log
        .map(({ entry }) => entry.event)
        .find(({ kind }) => kind === 'histories-archived');
      return flip(
        b,
        blob(event?.kind === 'histories-archived' ? (event.histories[0]?.history.digest.sha256 ?? '') : ''),
      );
    },
  },
  { what: 'a deleted dataset', builtOnIt: RESULTS, tamper: deleted('BC/filter', 'dataset') },
  { what: 'a deleted policy', builtOnIt: RESULTS, tamper: deleted('base', 'policy') },
  {
    what: 'deleted weights',
    builtOnIt: RESULTS,
    tamper: (b) => gone(b, fileOf(b, 'BC+SR/train', 'model.safetensors')),
  },
  {
    what: 'a deleted episode',
    builtOnIt: RESULTS,
    tamper: (b) => gone(b, blob(rowOf(b, 'BC+SR/collect')['episode'])),
  },
  {
    what: 'a deleted manifest',
    builtOnIt: RESULTS,
    tamper: (b) => gone(b, blob(b.stage('BC+SR/filter').manifest.digest)),
  },
  {
    what: 'two swapped ratings',
    builtOnIt: RESULTS,
    tamper: (b) => {
      const [one, other] = b
        .lines(b.output('BC/collect', 'episodes'))
        .map((row) => blob(row['rating'] as string));
      const bytes = b.read(one ?? '');
      b.write(one ?? '', b.read(other ?? ''));
      b.write(other ?? '', bytes);
      return one ?? '';
    },
  },
  {
    what: 'a policy’s weights replaced by another’s',
    builtOnIt: RESULTS,
    tamper: (b) => {
      const target = fileOf(b, 'BC+SR/train', 'model.safetensors');
      b.write(target, b.read(fileOf(b, 'base', 'model.safetensors')));
      return target;
    },
  },
];
