import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  type CompletedPart,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { isNothingThere } from './explainStorageError';
import { ATTEMPTS, isBrokenOff } from './readObject';
import type { ReadObject, TakeChunk } from './streams';

/** S3 takes 10,000 parts: files up to 320 GB. */
const PART_BYTES = 32 * 1024 * 1024;

interface ObjectAddress {
  Bucket: string;
  Key: string;
}

/**
 * Uploads a file in parts, unless the object has come to be there meanwhile. Errors: the client's; an Error when the
 * file is not what it was when its digest was taken, and then nothing is stored.
 */
export async function uploadLargeFile(
  client: S3Client,
  to: ObjectAddress,
  file: { path: string; sha256: string; mediaType: string },
): Promise<void> {
  const begun = await client.send(
    new CreateMultipartUploadCommand({ ...to, ContentType: file.mediaType, ChecksumAlgorithm: 'SHA256' }),
  );
  const upload = { ...to, UploadId: begun.UploadId };
  try {
    const { parts, sha256 } = await uploadParts(client, upload, file.path);
    if (sha256 !== file.sha256) throw new Error(`${file.path} was changed while it was stored`);
    await client.send(
      new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: parts }, IfNoneMatch: '*' }),
    );
  } catch (error) {
    // What cannot be cleared away either is the store's to expire; the first error is the one to tell.
    await client.send(new AbortMultipartUploadCommand(upload)).catch(() => undefined);
    throw error;
  }
}

async function uploadParts(
  client: S3Client,
  upload: ObjectAddress & { UploadId: string | undefined },
  path: string,
): Promise<{ parts: CompletedPart[]; sha256: string }> {
  const whole = createHash('sha256');
  const parts: CompletedPart[] = [];
  const file = await open(path);
  try {
    for (;;) {
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(PART_BYTES), 0, PART_BYTES);
      if (bytesRead === 0) return { parts, sha256: whole.digest('hex') };
      const bytes = buffer.subarray(0, bytesRead);
      whole.update(bytes);
      const PartNumber = parts.length + 1;
      const ChecksumSHA256 = createHash('sha256').update(bytes).digest('base64');
      const sent = await client.send(
        new UploadPartCommand({ ...upload, PartNumber, Body: bytes, ChecksumSHA256 }),
      );
      parts.push({ PartNumber, ETag: sent.ETag, ChecksumSHA256 });
    }
  } finally {
    await file.close();
  }
}

/** Reads an object chunk by chunk, and goes on where an answer broke off. Null when there is none. Errors: the client's. */
export async function readInChunks(
  client: S3Client,
  from: ObjectAddress,
  take?: TakeChunk,
): Promise<ReadObject | null> {
  const hash = createHash('sha256');
  let bytes = 0;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { Body } = await client.send(
        // An empty object has no first byte to ask for.
        new GetObjectCommand({ ...from, ...(bytes > 0 && { Range: `bytes=${bytes}-` }) }),
      );
      for await (const chunk of Body as Readable as AsyncIterable<Buffer>) {
        await take?.(chunk);
        hash.update(chunk);
        bytes += chunk.byteLength;
      }
      return { sha256: hash.digest('hex'), bytes };
    } catch (error) {
      if (isNothingThere(error)) return null;
      if (attempt === ATTEMPTS || !isBrokenOff(error)) throw error;
    }
  }
}
