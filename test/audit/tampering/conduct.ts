import { canonicalJson } from '../../../artifacts/canonicalJson';
import { PAYLOAD_TYPES, signText } from '../../../artifacts/signing/envelope';
import { blob, type TamperedBucket } from '../tamperedBucket';
import {
  flip,
  FOREIGN,
  gone,
  insider,
  jsonLines,
  LOG,
  publish,
  record,
  result,
  RESULTS,
  rowOf,
  type Tampering,
} from './tamper';

/** A finished batch of the stage that chooses a checkpoint, which no manifest names. */
function batchOfChoice(bucket: TamperedBucket): { key: string; index: string } {
  const stages = [
    'BC/collect',
    'BC+SR/collect',
    'evaluate/base',
    'evaluate/BC',
    'evaluate/BC+SR',
    'evaluate/expert',
  ];
  const listed = new Set(
    stages.flatMap((stage) =>
      bucket.lines(bucket.output(stage, 'episodes')).map((row) => String(row['episode'])),
    ),
  );
  return batchWhere(bucket, (episodes) => !episodes.some((episode) => listed.has(episode)));
}

const batchWith = (bucket: TamperedBucket, episode: string) =>
  batchWhere(bucket, (episodes) => episodes.includes(episode));

function batchWhere(
  bucket: TamperedBucket,
  isIt: (episodes: string[]) => boolean,
): { key: string; index: string } {
  for (const folder of bucket.keys('batches/finished'))
    for (const key of bucket.keys(folder)) {
      const index = String(bucket.json(key)['index'].digest.sha256);
      if (isIt(bucket.lines(index).map((row) => String(row['episode'])))) return { key, index };
    }
  throw new Error('no such batch');
}

const resultOf = (bucket: TamperedBucket, stage: string): string => `stages/${bucket.stage(stage).key}.json`;

/** Who played what, who chose what, and what is told of it: changed so that digests and signatures fit. */
export const CONDUCT: Tampering[] = [
  {
    what: 'half of the log cut off, and the record taken away',
    builtOnIt: 'campaign tiny',
    tamper: (b) => {
      for (const key of b.keys(LOG).slice(10)) b.remove(key);
      b.remove('campaigns/tiny.json');
      return `${LOG}/`;
    },
  },
  {
    what: 'a cost in the record edited',
    tamper: (b) => record(b, (told) => void (told.stages[2].cost.calls = 1)),
  },
  {
    what: 'a record that names another plan',
    tamper: (b) => record(b, (told) => void (told.plan = told.results.digest.sha256)),
  },
  {
    what: 'an output of a stage’s result given another media type',
    builtOnIt: RESULTS,
    tamper: (b) =>
      result(b, 'BC/filter', (told) => void (told.outputs.dataset.mediaType = 'application/json')),
  },
  {
    what: 'a foreign key published',
    tamper: (b) => {
      publish(b);
      return `signers/${FOREIGN.keyid}.json`;
    },
  },
  {
    what: 'an entry of the log signed as a tombstone by the campaign’s key',
    tamper: (b) => {
      const key = b.logKey('histories-archived');
      const payload = Buffer.from(String(b.json(key)['payload']), 'base64').toString('utf8');
      b.write(key, canonicalJson(signText(payload, PAYLOAD_TYPES.tombstone, b.key)));
      return key;
    },
  },
  {
    what: 'a bit of an episode that a checkpoint was chosen by',
    builtOnIt: RESULTS,
    tamper: (b) => flip(b, blob(String(b.lines(batchOfChoice(b).index)[0]?.['episode']))),
  },
  {
    what: 'the index of a batch that a checkpoint was chosen by gone',
    builtOnIt: RESULTS,
    tamper: (b) => gone(b, blob(batchOfChoice(b).index)),
  },
  {
    what: 'a rating raised in its blob by somebody with the key, who took the index of its batch away',
    builtOnIt: RESULTS,
    tamper: (b) => {
      const rows = b.lines(b.output('evaluate/BC+SR', 'episodes'));
      gone(b, blob(batchWith(b, String(rows[0]?.['episode'])).index));
      const rating = b.json(blob(String(rows[0]?.['rating'])));
      rating.scores[0].goal += 1;
      Object.assign(rows[0] ?? {}, { rating: b.put(canonicalJson(rating)) });
      const index = b.put(jsonLines(rows));
      b.forgeOutput('evaluate/BC+SR', 'episodes', index);
      return blob(index);
    },
  },
  {
    what: 'the calls of a batch edited',
    tamper: (b) => {
      const { key } = batchOfChoice(b);
      b.edit(key, (told) => void (told.cost.calls -= 1));
      return key;
    },
  },
  {
    what: 'an episode listed twice by somebody with the key',
    builtOnIt: RESULTS,
    tamper: insider('BC/collect', 'episodes', (b) => {
      const rows = b.lines(b.output('BC/collect', 'episodes'));
      return b.put(jsonLines([...rows, rows[0]]));
    }),
  },
  {
    what: 'an evaluation without its worst episode by somebody with the key',
    tamper: insider('evaluate/BC+SR', 'episodes', (b) =>
      b.put(jsonLines(b.lines(b.output('evaluate/BC+SR', 'episodes')).slice(1))),
    ),
  },
  {
    what: 'a turn said to be by another policy by somebody with the key',
    tamper: (b) => {
      const rows = b.lines(b.output('evaluate/BC', 'episodes'));
      const episode = b.json(blob(String(rows[0]?.['episode'])));
      const turn = episode.turns.find((one: { call: object }) => 'servedDigest' in one.call);
      turn.call.servedDigest = b.output('BC+SR/train', 'policy');
      const forged = b.put(canonicalJson(episode));
      b.forgeOutput(
        'evaluate/BC',
        'episodes',
        b.put(jsonLines([{ ...rows[0], episode: forged }, ...rows.slice(1)])),
      );
      return blob(forged);
    },
  },
  {
    what: 'other scores of checkpoints by somebody with the key',
    tamper: insider('BC+SR/choose', 'scores', (b) => {
      const scores = b.json(blob(b.output('BC+SR/choose', 'scores')));
      scores[0].goal += 1;
      return b.put(canonicalJson(scores));
    }),
  },
  {
    what: 'another checkpoint chosen by somebody with the key',
    tamper: (b) => {
      b.forgeOutput('BC+SR/choose', 'policy', b.output('base', 'policy'));
      return resultOf(b, 'BC+SR/choose');
    },
  },
  {
    what: 'fewer calls told of a stage by somebody with the key',
    tamper: (b) => {
      b.forgeManifest('BC/collect', ({ predicate }) => {
        predicate.buildDefinition.internalParameters.cost.calls -= 10;
      });
      return resultOf(b, 'BC/collect');
    },
  },
  {
    what: 'a limit of calls that was not kept, put into the plan by somebody with the key',
    tamper: (b) => {
      const plan = b.json(blob(b.campaign.plan.digest));
      plan.limits = { modelCalls: 100 };
      const digest = b.put(canonicalJson(plan));
      b.rewriteLog(b.key, (entry) => {
        if (entry.event.kind === 'campaign-started') entry.event.plan = digest;
        return entry;
      });
      return `${LOG}/`;
    },
  },
  {
    what: 'the words of an evaluation task given to a training task by somebody with the key',
    tamper: insider('tasks', 'tasks', (b) => {
      const set = b.json(blob(b.output('tasks', 'tasks')));
      const { task } = rowOf(b, 'BC/collect');
      const tested = set.tasks.find(({ split }: { split: string }) => split === 'test');
      const trained = set.tasks.find(({ id }: { id: string }) => id === task);
      Object.assign(trained, { scenario: tested.scenario, goals: tested.goals });
      return b.put(canonicalJson(set));
    }),
  },
];
