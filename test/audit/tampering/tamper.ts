import { canonicalJson } from '../../../artifacts/canonicalJson';
import { newSigningKeyPem, readSigningKey } from '../../../artifacts/signing/signingKey';
import { blob, type TamperedBucket } from '../tamperedBucket';

/** Does something to a bucket. @returns the object that must be named as wrong */
export type Tamper = (bucket: TamperedBucket) => string;

export const FOREIGN = readSigningKey(newSigningKeyPem(), 'an attacker');
export const RESULTS = 'campaign tiny: results';
export const LOG = 'campaigns/tiny/log';

export const flipped =
  (stage: string, role: string): Tamper =>
  (bucket) => {
    const key = blob(bucket.output(stage, role));
    bucket.flip(key);
    return key;
  };

export const deleted =
  (stage: string, role: string): Tamper =>
  (bucket) => {
    const key = blob(bucket.output(stage, role));
    bucket.remove(key);
    return key;
  };

/** First row of a stage's index. */
export const rowOf = (bucket: TamperedBucket, stage: string) =>
  bucket.lines(bucket.output(stage, 'episodes'))[0] ?? {};

export const fileOf = (bucket: TamperedBucket, stage: string, name: string): string => {
  const { files } = bucket.json(blob(bucket.output(stage, 'policy')));
  return blob((files as { name: string; sha256: string }[]).find((file) => file.name === name)?.sha256 ?? '');
};

export const jsonLines = (rows: readonly unknown[]): string =>
  rows.map((row) => `${canonicalJson(row)}\n`).join('');

/** A dataset with a row more. */
export const largerDataset = (bucket: TamperedBucket): string => {
  const rows = bucket.lines(bucket.output('BC/filter', 'dataset'));
  return bucket.put(jsonLines([...rows, { ...rows[0], id: 'planted' }]));
};

/** The index with the first rating raised, and that rating. */
export function raisedRating(bucket: TamperedBucket): string {
  const rows = bucket.lines(bucket.output('BC/collect', 'episodes'));
  const [first] = rows;
  const rating = bucket.json(blob(first?.['rating'] as string));
  rating['scores'][0].goal = 10;
  Object.assign(first ?? {}, { rating: bucket.put(canonicalJson(rating)), scores: rating['scores'] });
  return bucket.put(jsonLines(rows));
}

export const flippedDecision = (bucket: TamperedBucket): string => {
  const rows = bucket.lines(bucket.output('BC/filter', 'decisions'));
  return bucket.put(
    jsonLines(rows.map((row, index) => (index === 0 ? { ...row, keep: !row['keep'] } : row))),
  );
};

export const betterResults = (bucket: TamperedBucket): string => {
  const results = bucket.json(blob(bucket.output('results', 'results')));
  results['all'].policies[1].metrics.goal.mean += 1;
  return bucket.put(canonicalJson(results));
};

/** Puts an output in place of another without a key: the manifest keeps its old signature. */
export const unsigned =
  (stage: string, role: string, make: (bucket: TamperedBucket) => string): Tamper =>
  (bucket) => {
    const digest = make(bucket);
    const manifest = bucket.replaceManifest(stage, (statement) => rename(statement, role, digest), null);
    return manifest.length > 0 ? `stages/${bucket.stage(stage).key}.json` : '';
  };

export const rename = (statement: { subject: { name: string }[] }, role: string, digest: string) =>
  Object.assign(statement.subject.find(({ name }) => name === role) ?? {}, { digest: { sha256: digest } });

/** The same by somebody who has the campaign's key, and writes manifests and log anew. */
export const insider =
  (stage: string, role: string, make: (bucket: TamperedBucket) => string): Tamper =>
  (bucket) => {
    const digest = make(bucket);
    bucket.forgeOutput(stage, role, digest);
    return blob(digest);
  };

export const last = (bucket: TamperedBucket): string => bucket.keys(LOG).at(-1) ?? '';

export interface Tampering {
  what: string;
  tamper: Tamper;
  /** Must be named as built on it. */
  builtOnIt?: string;
}

export function flip(bucket: TamperedBucket, key: string): string {
  bucket.flip(key);
  return key;
}

export function gone(bucket: TamperedBucket, key: string): string {
  bucket.remove(key);
  return key;
}

export function result(
  bucket: TamperedBucket,
  stage: string,
  change: Parameters<TamperedBucket['edit']>[1],
): string {
  const key = `stages/${bucket.stage(stage).key}.json`;
  bucket.edit(key, change);
  return key;
}

export function record(bucket: TamperedBucket, change: Parameters<TamperedBucket['edit']>[1]): string {
  bucket.edit('campaigns/tiny.json', change);
  return 'campaigns/tiny.json';
}

/** The place behind an entry. */
export const after = (key: string): string =>
  key.replace(/\d+(?=\.json$)/, (number) => String(Number(number) + 1).padStart(number.length, '0'));

export function publish(bucket: TamperedBucket): void {
  const { keyid, publicKey } = FOREIGN;
  const signer = { keyid, publicKey, since: '2026-01-01T00:00:00Z', endorsedBy: null };
  bucket.write(`signers/${keyid}.json`, canonicalJson(signer));
}
