import { z } from 'zod';
import type { ArtifactStore } from '../../artifacts/artifactStore';
import { inParallel } from '../../domain/inParallel';
import { payloadOf } from '../../artifacts/signing/envelope';
import { Sha256 } from '../../schemas/artifact';
import { Envelope } from '../../schemas/attestation';
import { StageResult } from '../../schemas/plan';

const Descriptor = z.object({
  name: z.string(),
  digest: z.object({ sha256: Sha256 }),
  mediaType: z.string().optional(),
});
export type Descriptor = z.infer<typeof Descriptor>;

/** What a stage's manifest says, as far as it is checked. */
const Manifest = z.object({
  subject: z.array(Descriptor),
  predicate: z.object({
    buildDefinition: z.object({
      buildType: z.string(),
      externalParameters: z.object({ stage: z.string() }),
      // The code that ran has no address in the bucket, and a commit is no SHA-256.
      resolvedDependencies: z
        .array(z.looseObject({ uri: z.string().optional() }))
        .transform((all) => all.filter(({ uri }) => uri !== undefined))
        .pipe(z.array(Descriptor)),
    }),
  }),
});

const SignedManifest = Envelope.transform((envelope) => Manifest.parse(JSON.parse(payloadOf(envelope))));

/** A finished stage as the store alone tells of it. */
export interface StoredStage {
  id: string;
  kind: string;
  result: StageResult;
  read: Descriptor[];
  wrote: Descriptor[];
}

export const READS_AT_ONCE = 8;

/** Errors: ARTIFACT_MISSING, ARTIFACT_CORRUPT of a manifest; STORAGE_*. */
export async function storedStages(store: ArtifactStore): Promise<StoredStage[]> {
  const keys = await store.list('stages/');
  const stages = await inParallel(keys, READS_AT_ONCE, async (key) => {
    const result = await store.getDocument(key, StageResult);
    return result ? [await readStage(store, result)] : [];
  });
  return stages.flat();
}

async function readStage(store: ArtifactStore, result: StageResult): Promise<StoredStage> {
  const { subject, predicate } = await store.getJson(result.manifest.digest.sha256, SignedManifest);
  const { buildType, externalParameters, resolvedDependencies } = predicate.buildDefinition;
  return {
    id: externalParameters.stage,
    kind: /\/stage\/(\w+)\//.exec(buildType)?.[1] ?? buildType,
    result,
    read: resolvedDependencies,
    wrote: subject,
  };
}

/** The digest that a stage read or wrote under a role. */
export const digestOfRole = (descriptors: readonly Descriptor[], role: string): string | undefined =>
  descriptors.find(({ name }) => name === role)?.digest.sha256;
