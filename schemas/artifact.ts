import { z } from 'zod';

/** Lower-case hex SHA-256. */
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 lower-case hex digits');

/**
 * A reference to immutable bytes in the artifact store; an in-toto ResourceDescriptor with the size beside it
 * (in-toto attestation framework v1, resource_descriptor.md).
 */
export const ArtifactRef = z.strictObject({
  name: z.string(),
  uri: z.string(),
  digest: z.strictObject({ sha256: Sha256 }),
  mediaType: z.string(),
  bytes: z.number().int().nonnegative(),
});
export type ArtifactRef = z.infer<typeof ArtifactRef>;

/** The files of a folder. Hashed as canonical JSON (RFC 8785), this listing's digest is the folder's digest. */
export const DirectoryListing = z.strictObject({
  files: z.array(
    z.strictObject({ bytes: z.number().int().nonnegative(), name: z.string().min(1), sha256: Sha256 }),
  ),
});
export type DirectoryListing = z.infer<typeof DirectoryListing>;
