import { z } from 'zod';
import type { Bucket } from '../artifacts/bucket';
import { payloadOf } from '../artifacts/signing/envelope';
import { Envelope, StageStatement } from '../schemas/attestation';
import { parseJson, readBlob } from './readBlob';

/** A stage's manifest: what it says, and the envelope that it was signed in. */
export interface Manifest {
  digest: string;
  statement: StageStatement;
  /** Null for manifests of 0.2.0, which were not signed. */
  envelope: Envelope | null;
}

/** What manifests of 0.2.0 lack has the values that say so. */
const Unsigned = z
  .looseObject({
    predicate: z.looseObject({ buildDefinition: z.looseObject({ internalParameters: z.looseObject({}) }) }),
  })
  .transform(({ predicate, ...rest }): unknown => {
    const { buildDefinition } = predicate;
    const internalParameters = { seconds: 0, models: [], log: null, ...buildDefinition.internalParameters };
    return {
      ...rest,
      predicate: { ...predicate, buildDefinition: { ...buildDefinition, internalParameters } },
    };
  })
  .pipe(StageStatement);

/** Errors: ARTIFACT_MISSING, ARTIFACT_CORRUPT. */
export async function readManifest(bucket: Bucket, digest: string): Promise<Manifest> {
  const bytes = await readBlob(bucket, digest);
  const what = `manifest ${digest}`;
  const envelope = parseJson(bytes, z.union([Envelope, z.null()]).catch(null), what);
  const statement = envelope
    ? parseJson(payloadOf(envelope), StageStatement, what)
    : parseJson(bytes, Unsigned, what);
  return { digest, statement, envelope };
}

/** The kind of stage that a statement is about. */
export const kindOf = ({ predicate }: StageStatement): string =>
  /\/stage\/(\w+)\//.exec(predicate.buildDefinition.buildType)?.[1] ?? predicate.buildDefinition.buildType;

/** Digest of what a stage read under a role; code that ran has none in the bucket. */
export function inputOf({ predicate }: StageStatement, role: string): string | undefined {
  const found = predicate.buildDefinition.resolvedDependencies.find(({ name }) => name === role);
  return found && 'sha256' in found.digest ? found.digest.sha256 : undefined;
}

/** Digest of what a stage wrote under a role. */
export function outputOf({ subject }: StageStatement, role: string): string | undefined {
  const found = subject.find(({ name }) => name === role);
  return found && 'sha256' in found.digest ? found.digest.sha256 : undefined;
}

/** What a stage read that lies in the bucket, by role: its inputs and its plan. */
export function readBy({ predicate }: StageStatement): { role: string; digest: string }[] {
  return predicate.buildDefinition.resolvedDependencies.flatMap(({ name, uri, digest }) =>
    'sha256' in digest && (uri !== undefined || name === 'plan')
      ? [{ role: name, digest: digest.sha256 }]
      : [],
  );
}
