import { PAYLOAD_TYPES, signText } from '../../../artifacts/signing/envelope';
import { blob } from '../tamperedBucket';
import { canonicalJson } from '../../../artifacts/canonicalJson';
import { FOREIGN, gone, record, result, RESULTS, type Tampering } from './tamper';

/** Signatures that are none, and documents that were edited. */
export const DOCUMENTS: Tampering[] = [
  {
    what: 'a signature of another entry',
    tamper: (b) => {
      const key = b.logKey('campaign-started');
      const other = b.json(b.logKey('stage-started'));
      b.edit(key, (envelope) => (envelope['signatures'] = other['signatures']));
      return key;
    },
  },
  {
    what: 'a forged signature',
    tamper: (b) => {
      const key = b.logKey('campaign-finished');
      b.edit(key, (envelope) => (envelope['signatures'][0].sig = Buffer.alloc(64, 7).toString('base64')));
      return key;
    },
  },
  {
    what: 'a log entry without a signature',
    tamper: (b) => {
      const key = b.logKey('campaign-finished');
      b.edit(key, (envelope) => (envelope['signatures'] = []));
      return key;
    },
  },
  {
    what: 'a manifest without its envelope',
    tamper: (b) => {
      const stage = b.stage('BC/train');
      const bare = b.put(canonicalJson(stage.manifest.statement));
      b.edit(`stages/${stage.key}.json`, (result) => (result['manifest'].digest.sha256 = bare));
      return `stages/${stage.key}.json`;
    },
  },
  {
    what: 'a manifest signed by a foreign key',
    tamper: (b) => {
      b.replaceManifest('BC/train', () => undefined, FOREIGN);
      return `stages/${b.stage('BC/train').key}.json`;
    },
  },
  {
    what: 'a stage’s result gone',
    builtOnIt: RESULTS,
    tamper: (b) => gone(b, `stages/${b.stage('BC/filter').key}.json`),
  },
  {
    what: 'a stage’s counts edited',
    builtOnIt: RESULTS,
    tamper: (b) => result(b, 'BC/filter', (one) => (one['counts'].kept += 1)),
  },
  {
    what: 'a stage’s cost edited',
    builtOnIt: RESULTS,
    tamper: (b) => result(b, 'BC/collect', (one) => (one['cost'].calls = 0)),
  },
  {
    what: 'a stage’s result with the manifest of another',
    tamper: (b) =>
      result(b, 'evaluate/BC', (one) => (one['manifest'] = b.stage('evaluate/base').result.manifest)),
  },
  {
    what: 'a stage’s result with another policy',
    builtOnIt: RESULTS,
    tamper: (b) =>
      result(b, 'BC/train', (one) => (one['outputs'].policy.digest.sha256 = b.output('base', 'policy'))),
  },
  {
    what: 'a stage missing in the record',
    tamper: (b) => record(b, (one) => one['stages'].splice(3, 1)),
  },
  {
    what: 'a record that names other results',
    tamper: (b) => record(b, (one) => (one['results'].digest.sha256 = b.output('evaluate/BC', 'evaluation'))),
  },
  { what: 'the record gone', tamper: (b) => gone(b, 'campaigns/tiny.json') },
  {
    what: 'a tombstone by a foreign key for deleted training rows',
    tamper: (b) => {
      const digest = b.output('BC/filter', 'dataset');
      b.remove(blob(digest));
      const stone = { digest, cause: 'forgotten', at: '2026-01-01T00:00:00Z', actor: 'x', reason: 'y' };
      b.write(
        `tombstones/${digest}.json`,
        canonicalJson(signText(canonicalJson(stone), PAYLOAD_TYPES.tombstone, FOREIGN)),
      );
      return `tombstones/${digest}.json`;
    },
  },
];
