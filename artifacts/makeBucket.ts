import { CreateBucketCommand, HeadBucketCommand, type S3Client } from '@aws-sdk/client-s3';
import { isStatus } from './explainStorageError';

/** Makes a bucket if it is missing, whoever else does so at the same time. Errors: the client's. */
export async function makeBucket(client: S3Client, bucket: string): Promise<void> {
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket }));
  } catch (error) {
    if (!isStatus(error, 404)) throw error;
    await client.send(new CreateBucketCommand({ Bucket: bucket })).catch((reason: unknown) => {
      if (!isStatus(reason, 409)) throw reason;
    });
  }
}
