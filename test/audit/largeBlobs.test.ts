import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { blobKey } from '../../artifacts/blobKey';
import { DirectoryBucket } from '../../artifacts/bucket';
import { canonicalJson, sha256 } from '../../artifacts/canonicalJson';
import { digestFile, LARGE_FILE_BYTES } from '../../artifacts/streams';
import { checkBlobs } from '../../audit/verify/checkBlobs';
import type { Collection } from '../../audit/verify/collections';
import { Findings } from '../../audit/verify/findings';
import { VerifiedBlobs } from '../../audit/verify/verifiedBlobs';
import { screenFiles } from '../../cli/screenFiles';
import { writeFolder } from '../../cli/writeFolder';

/** As a machine is that cannot hold the weights. */
class SmallMemory extends DirectoryBucket {
  readonly tooLarge = new Set<string>();

  override read(key: string): Promise<Buffer | null> {
    if (this.tooLarge.has(key)) throw new RangeError('the file is too large to be held');
    return super.read(key);
  }
}

const pathIn = (bucket: DirectoryBucket, digest: string) => join(bucket.address, blobKey(digest));

/** A bucket with one blob of weights, which nobody may read at once. */
async function bucketWithWeights(): Promise<{ bucket: SmallMemory; digest: string }> {
  const bucket = new SmallMemory(mkdtempSync(join(tmpdir(), 'pi-loop-large-')));
  const weights = join(bucket.address, 'weights');
  writeFileSync(weights, '{ like JSON at its start');
  truncateSync(weights, LARGE_FILE_BYTES + 1);
  const digest = await digestFile(weights);
  mkdirSync(dirname(pathIn(bucket, digest)), { recursive: true });
  renameSync(weights, pathIn(bucket, digest));
  bucket.tooLarge.add(blobKey(digest));
  return { bucket, digest };
}

test('weights that no memory holds are verified, and one byte more in them is found', async () => {
  const { bucket, digest } = await bucketWithWeights();
  const listing = canonicalJson({
    files: [{ bytes: LARGE_FILE_BYTES + 1, name: 'model "a".safetensors', sha256: digest }],
  });
  writeFileSync(pathIn(bucket, sha256(listing)), listing);

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
  appendFileSync(pathIn(bucket, digest), '.');
  expect((await failuresOf()).failures).toMatchObject([{ object: blobKey(digest) }]);
});

test('weights that no memory holds are looked through and written into a folder; damaged ones are not', async () => {
  const { bucket, digest } = await bucketWithWeights();
  const files = [{ path: 'blobs/weights', blob: digest }];
  const folder = join(bucket.address, 'released');
  await screenFiles(bucket, files);
  await writeFolder(bucket, folder, files, { mark: 'README.md' });
  expect(await digestFile(join(folder, 'blobs/weights'))).toBe(digest);
  appendFileSync(pathIn(bucket, digest), '.');
  await expect(writeFolder(bucket, `${folder}-2`, files, { mark: 'README.md' })).rejects.toMatchObject({
    code: 'ARTIFACT_CORRUPT',
  });
  expect(existsSync(`${folder}-2`)).toBe(false);
});
