import type { ArtifactRef } from '../../schemas/artifact';
import type { StageKind } from '../../schemas/plan';
import type { StageOutcome, StageWork } from './stageWork';

/** Which code did the work. */
export interface BuildIdentity {
  /** Version of the product, with the commit where known. */
  version: string;
  /** Digest of the trainer's sources and lock. */
  trainer: string;
}

interface StatementInput extends StageWork, StageOutcome {
  kind: StageKind;
  parameters: unknown;
  build: BuildIdentity;
  invocation: string;
  startedAt: string;
  finishedAt: string;
}

/** An in-toto Statement v1 with SLSA provenance v1: what a stage was told, read and wrote, and who ran it. */
export function stageStatement(input: StatementInput) {
  const { stage, kind, key, inputs, outputs, counts, cost, build } = input;
  const dependencies = Object.entries(inputs).map(([role, ref]) => descriptor(ref, role));
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: Object.entries(outputs).map(([role, ref]) => descriptor(ref, role)),
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: `https://pi-loop.dev/stage/${kind}/v1`,
        externalParameters: { campaign: input.campaign, stage, parameters: input.parameters },
        internalParameters: { key, counts, cost },
        resolvedDependencies: [...dependencies, { name: 'plan', digest: { sha256: input.plan } }],
      },
      runDetails: {
        builder: {
          id: `https://pi-loop.dev/worker/${build.version}`,
          version: { 'pi-loop': build.version, trainer: build.trainer },
        },
        metadata: {
          invocationId: input.invocation,
          startedOn: input.startedAt,
          finishedOn: input.finishedAt,
        },
      },
    },
  };
}

const descriptor = (ref: ArtifactRef, role: string) => ({
  name: role,
  uri: ref.uri,
  digest: ref.digest,
  mediaType: ref.mediaType,
});
