import { canonicalJson } from '../../../artifacts/canonicalJson';
import { after, FOREIGN, last, LOG, publish, type Tampering } from './tamper';

/** The log edited, cut, moved, or made anew. */
export const LOG_ENTRIES: Tampering[] = [
  {
    what: 'an entry of the log edited',
    builtOnIt: 'campaign tiny',
    tamper: (b) => {
      const key = b.logKey('stage-finished', 'BC/train');
      b.edit(key, (envelope) => {
        const entry = JSON.parse(Buffer.from(envelope['payload'], 'base64').toString('utf8'));
        entry.at = '2020-01-01T00:00:00.000Z';
        envelope['payload'] = Buffer.from(canonicalJson(entry)).toString('base64');
      });
      return key;
    },
  },
  {
    what: 'an entry of the log dropped',
    tamper: (b) => {
      b.remove(b.logKey('stage-started', 'BC/train'));
      return after(b.logKey('stage-started', 'BC/train'));
    },
  },
  {
    what: 'an entry of the log dropped, and those behind it moved up',
    tamper: (b) => {
      const keys = b.keys(LOG);
      const dropped = keys.indexOf(b.logKey('stage-started', 'BC/train'));
      b.remove(keys[dropped] ?? '');
      keys.slice(dropped + 1).forEach((key, index) => b.move(key, keys[dropped + index] ?? ''));
      return keys[dropped] ?? '';
    },
  },
  {
    what: 'two entries of the log in each other’s place',
    tamper: (b) => {
      const [one, other] = b.keys(LOG).slice(3, 5);
      b.move(one ?? '', `${one}.aside`);
      b.move(other ?? '', one ?? '');
      b.move(`${one}.aside`, other ?? '');
      return one ?? '';
    },
  },
  {
    what: 'the end of the log cut off',
    tamper: (b) => {
      for (const key of b.keys(LOG).slice(10)) b.remove(key);
      return `${LOG}/`;
    },
  },
  {
    what: 'the campaign’s end cut off the log',
    tamper: (b) => {
      for (const key of b.keys(LOG).filter((one) => one >= b.logKey('campaign-finished'))) b.remove(key);
      return 'campaigns/tiny.json';
    },
  },
  {
    what: 'the log’s last entry twice',
    tamper: (b) => {
      const end = last(b);
      b.write(after(end), b.read(end));
      return after(end);
    },
  },
  {
    what: 'the first entry of the log gone',
    tamper: (b) => {
      const [first, second] = b.keys(LOG);
      b.remove(first ?? '');
      return second ?? '';
    },
  },
  {
    what: 'the whole log signed anew by a foreign key',
    tamper: (b) => {
      b.rewriteLog(FOREIGN, (entry) => entry);
      return b.logKey('campaign-started');
    },
  },
  {
    what: 'the whole log signed anew by a foreign key that is published',
    tamper: (b) => {
      b.rewriteLog(FOREIGN, (entry) => entry);
      publish(b);
      return b.logKey('campaign-started');
    },
  },
  {
    what: 'a parking taken out of the log and the rest signed anew by the campaign’s key',
    tamper: (b) => {
      b.rewriteLog(b.key, (entry) => (entry.event.kind === 'stage-started' ? null : entry));
      return `${LOG}/`;
    },
  },
];
