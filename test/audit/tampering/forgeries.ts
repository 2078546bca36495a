import { blob } from '../tamperedBucket';
import { canonicalJson } from '../../../artifacts/canonicalJson';
import {
  betterResults,
  flippedDecision,
  insider,
  jsonLines,
  largerDataset,
  raisedRating,
  RESULTS,
  rowOf,
  unsigned,
  type Tampering,
} from './tamper';

/** Content of which all digests were made anew, without the campaign’s key and with it. */
export const FORGERIES: Tampering[] = [
  {
    what: 'a row added to a dataset, all digests made anew, unsigned',
    builtOnIt: RESULTS,
    tamper: unsigned('BC/filter', 'dataset', largerDataset),
  },
  {
    what: 'a rating raised, all digests made anew, unsigned',
    builtOnIt: RESULTS,
    tamper: unsigned('BC/collect', 'episodes', raisedRating),
  },
  {
    what: 'a decision flipped, all digests made anew, unsigned',
    builtOnIt: RESULTS,
    tamper: unsigned('BC/filter', 'decisions', flippedDecision),
  },
  {
    what: 'better results, all digests made anew, unsigned',
    tamper: unsigned('results', 'results', betterResults),
  },
  {
    what: 'a row added to a dataset by somebody with the key',
    builtOnIt: RESULTS,
    tamper: insider('BC/filter', 'dataset', largerDataset),
  },
  {
    what: 'a decision flipped by somebody with the key',
    tamper: insider('BC/filter', 'decisions', flippedDecision),
  },
  {
    what: 'better results by somebody with the key',
    builtOnIt: RESULTS,
    tamper: insider('results', 'results', betterResults),
  },
  {
    what: 'a rating raised by somebody with the key',
    builtOnIt: RESULTS,
    tamper: (b) => {
      b.forgeOutput('BC/collect', 'episodes', raisedRating(b));
      return blob(b.stage('BC/filter').manifest.digest);
    },
  },
  {
    what: 'a rating raised in its blob, and not in the index, by somebody with the key',
    tamper: (b) => {
      const rows = b.lines(b.output('BC/collect', 'episodes'));
      const rating = b.json(blob(rows[0]?.['rating'] as string));
      rating['scores'][0].goal = 10;
      Object.assign(rows[0] ?? {}, { rating: b.put(canonicalJson(rating)) });
      const index = b.put(jsonLines(rows));
      b.forgeOutput('BC/collect', 'episodes', index);
      return blob(index);
    },
  },
  {
    what: 'other parameters in a manifest by somebody with the key',
    tamper: (b) =>
      blob(
        b.forgeManifest('BC/train', (statement) => {
          statement.predicate.buildDefinition.externalParameters.parameters = { seed: 1 };
        }),
      ),
  },
  {
    what: 'an evaluation task planted in training by somebody with the key',
    tamper: (b) => {
      const tasks = b.json(blob(b.output('tasks', 'tasks')));
      const { task } = rowOf(b, 'BC/collect');
      for (const one of tasks['tasks'] as { id: string; split: string }[])
        if (one.id === task) one.split = 'test';
      const planted = b.put(canonicalJson(tasks));
      b.forgeOutput('tasks', 'tasks', planted);
      // The filter read it as well: somebody with the key would not forget that.
      b.forgeManifest('BC/filter', (statement) => {
        const input = statement.predicate.buildDefinition.resolvedDependencies.find(
          ({ name }) => name === 'tasks',
        );
        Object.assign(input ?? {}, { digest: { sha256: planted } });
      });
      return blob(b.output('BC/filter', 'dataset'));
    },
  },
];
