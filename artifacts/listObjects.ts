import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';

export interface ListedObject {
  key: string;
  bytes: number;
  /** When it was written last, by the store's clock. */
  modified: Date;
}

/** Objects under a prefix, in lexical order of their keys. Errors: the client's. */
export async function listObjects(
  client: S3Client,
  where: { Bucket: string; Prefix: string },
): Promise<ListedObject[]> {
  const objects: ListedObject[] = [];
  let token: string | undefined;
  do {
    const page = await client.send(
      new ListObjectsV2Command({ ...where, ...(token ? { ContinuationToken: token } : {}) }),
    );
    objects.push(
      ...(page.Contents ?? []).flatMap(({ Key, Size, LastModified }) =>
        Key === undefined ? [] : { key: Key, bytes: Size ?? 0, modified: LastModified ?? new Date() },
      ),
    );
    token = page.NextContinuationToken;
  } while (token);
  return objects;
}
