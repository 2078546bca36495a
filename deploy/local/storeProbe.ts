import { randomUUID } from 'node:crypto';
import { DeleteObjectCommand, PutObjectCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3';

export interface StoreProblem {
  what: string;
  todo: string;
  /** False when a campaign can go on in spite of it. */
  isFatal: boolean;
}

const NO_CONDITIONS: StoreProblem = {
  what: 'overwrites an object in spite of If-None-Match: *',
  todo: 'use a store that honours conditional writes: artifacts must never be overwritten',
  isFatal: true,
};

/**
 * Writes a small object twice and removes it: the second write must be refused, since artifacts rely on it.
 * @returns what is wrong with the store, or undefined
 */
export async function probeConditionalWrites(
  endpoint: string,
  environment: NodeJS.ProcessEnv,
): Promise<StoreProblem | undefined> {
  const client = new S3Client({
    endpoint,
    region: environment['S3_REGION'] ?? 'us-east-1',
    forcePathStyle: true,
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 2000, requestTimeout: 5000 },
    ...keys(environment),
  });
  const target = { Bucket: environment['S3_BUCKET'] ?? 'pi-loop', Key: `probe/${randomUUID()}` };
  try {
    await client.send(new PutObjectCommand({ ...target, Body: 'first', IfNoneMatch: '*' }));
    const overwritten = await client
      .send(new PutObjectCommand({ ...target, Body: 'second', IfNoneMatch: '*' }))
      .then(() => true)
      .catch((error: unknown) => {
        if (statusOf(error) === 412) return false;
        throw error;
      });
    await client.send(new DeleteObjectCommand(target));
    return overwritten ? NO_CONDITIONS : undefined;
  } catch (error) {
    return explain(error, target.Bucket);
  } finally {
    client.destroy();
  }
}

function keys(environment: NodeJS.ProcessEnv): object {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = environment;
  if (accessKeyId === undefined || secretAccessKey === undefined) return {};
  return { credentials: { accessKeyId, secretAccessKey } };
}

function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
}

function explain(error: unknown, bucket: string): StoreProblem {
  if (error instanceof S3ServiceException && error.name === 'NoSuchBucket') {
    const what = `no bucket ${bucket} yet, so nothing could be tried`;
    return { what, todo: 'none: the first campaign makes it', isFatal: false };
  }
  const lacksKey = error instanceof Error && error.name === 'CredentialsProviderError';
  if (lacksKey || statusOf(error) === 403) {
    const todo = 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to a pair that may write';
    return { what: lacksKey ? 'there is no key for it' : 'refuses the key', todo, isFatal: true };
  }
  const reason = error instanceof Error ? error.message || error.name : String(error);
  return {
    what: `does not answer (${reason})`,
    todo: 'is S3_ENDPOINT right, and does the store run?',
    isFatal: true,
  };
}
