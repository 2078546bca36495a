import { GetObjectCommand, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { isNothingThere } from './explainStorageError';

/** The client repeats requests, but not an answer that breaks off; who reads thousands would meet one each time. */
export const ATTEMPTS = 3;

export interface StoredObject {
  bytes: Buffer;
  /** Changes with the object: its ETag. */
  version: string;
}

/** An object whole, or null when there is none. Errors: the client's. */
export async function readObject(
  client: S3Client,
  where: { Bucket: string; Key: string },
): Promise<StoredObject | null> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { Body, ETag } = await client.send(new GetObjectCommand(where));
      return { bytes: Buffer.from((await Body?.transformToByteArray()) ?? []), version: ETag ?? '' };
    } catch (error) {
      if (isNothingThere(error)) return null;
      if (attempt === ATTEMPTS || !isBrokenOff(error)) throw error;
    }
  }
}

/** The connection was lost while the answer came in. */
export const isBrokenOff = (error: unknown): boolean =>
  error instanceof Error &&
  !(error instanceof S3ServiceException) &&
  'code' in error &&
  error.code === 'ECONNRESET';
