import { S3Client } from '@aws-sdk/client-s3';

export interface ArtifactStoreOptions {
  /** Address of an S3 API; default: Amazon's, by region. */
  endpoint?: string | undefined;
  /** @default us-east-1 */
  region: string;
  /** @default pi-loop */
  bucket: string;
  credentials?: { accessKeyId: string; secretAccessKey: string } | undefined;
}

/** A store that does not even take a connection is away. */
const CONNECT_WITHIN_MS = 5_000;
/** A connection on which nothing moves for this long is given up; a large body keeps moving. */
const SILENT_FOR_MS = 30_000;

export const createS3Client = ({ endpoint, region, credentials }: ArtifactStoreOptions): S3Client =>
  new S3Client({
    region,
    forcePathStyle: true,
    maxAttempts: 3,
    // Nothing is ever added to a command's middleware: putting it together for each request is a fifth of its time.
    cacheMiddleware: true,
    requestHandler: { connectionTimeout: CONNECT_WITHIN_MS, socketTimeout: SILENT_FOR_MS },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(endpoint ? { endpoint } : {}),
    ...(credentials ? { credentials } : {}),
  });
