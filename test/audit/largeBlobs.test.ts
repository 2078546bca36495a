import { appendFileSync, mkdirSync, mkdtempSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { blobKey } from '../../artifacts/blobKey';
import { DirectoryBucket } from '../../artifacts/bucket';
import { canonicalJson, sha256 } from '../../artifacts/canonicalJson';
import { digestFile, LARGE_FILE_BYTES } from '../../artifacts/digestFile';
import { checkBlobs } from '../../audit/verify/checkBlobs';
import type { Collection } from '../../audit/verify/collections';
import { Findings } from '../../audit/verify/findings';
import { VerifiedBlobs } from '../../audit/verify/verifiedBlobs';

/** As a machine is that cannot hold the weights. */
class SmallMemory extends DirectoryBucket {
  readonly tooLarge = new Set<string>();

  override read(key: string): Promise<Buffer | null> {
    if (this.tooLarge.has(key)) throw new RangeError('the file is too large to be held');
    return super.read(key);
  }
}

test('weights that no memory holds are verified, and one byte more in them is found', async () => {
  const bucket = new SmallMemory(mkdtempSync(join(tmpdir(), 'pi-loop-large-')));
  const pathOf = (digest: string) => join(bucket.address, blobKey(digest));
  const weights = join(bucket.address, 'weights');
  writeFileSync(weights, '{ like JSON at its start');
  truncateSync(weights, LARGE_FILE_BYTES + 1);
  const digest = await digestFile(weights);
  const listing = canonicalJson({
    files: [{ bytes: LARGE_FILE_BYTES + 1, name: 'model "a".safetensors', sha256: digest }],
  });
  mkdirSync(dirname(pathOf(digest)), { recursive: true });
  renameSync(weights, pathOf(digest));
  writeFileSync(pathOf(sha256(listing)), listing);
  bucket.tooLarge.add(blobKey(digest));

  const policy = { batches: [{ finished: { index: { digest: { sha256: sha256(listing) } } } }] };
  const failuresOf = async () => {
    const findings = new Findings();
    const blobs = new VerifiedBlobs(bucket);
    await checkBlobs([], {
      bucket,
      blobs,
      findings,
      trusted: null,
      collections: [policy as unknown as Collection],
    });
    return { failures: findings.failures, bytes: blobs.bytes };
  };

  expect(await failuresOf()).toEqual({ failures: [], bytes: LARGE_FILE_BYTES + 1 + listing.length });
  appendFileSync(pathOf(digest), '.');
  expect((await failuresOf()).failures).toMatchObject([{ object: blobKey(digest) }]);
});
