/** Where a blob lies in its bucket. */
export const blobKey = (digest: string): string => `blobs/sha256/${digest}`;
