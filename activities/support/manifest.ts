import type { ArtifactRef } from '../../schemas/artifact';
import {
  type Descriptor,
  type LogHead,
  PROVENANCE_TYPE,
  STATEMENT_TYPE,
  type StageStatement,
} from '../../schemas/attestation';
import type { StageKind } from '../../schemas/plan';
import type { StageOutcome, StageWork } from './stageWork';

/** Which code did the work. */
export interface BuildIdentity {
  /** Version of the product, with the commit where known. */
  version: string;
  commit: string | null;
  /** Digest of the trainer's sources and lock. */
  trainer: string;
  /** Digest of the lock of our own packages. */
  packages: string;
  /** Digests of the prompt templates, by name. */
  prompts: Record<string, string>;
}

interface StatementInput extends StageWork, StageOutcome {
  kind: StageKind;
  parameters: unknown;
  build: BuildIdentity;
  invocation: string;
  startedAt: string;
  finishedAt: string;
  seconds: number;
  log: LogHead | null;
  /** Where the plan lies. */
  planUri: string;
}

/** An in-toto Statement v1 with SLSA provenance v1: what a stage was told, read and wrote, and who ran it. */
export function stageStatement(input: StatementInput): StageStatement {
  const { stage, kind, key, inputs, outputs, counts, cost, models = [], seconds, log, build } = input;
  return {
    _type: STATEMENT_TYPE,
    subject: Object.entries(outputs).map(([role, ref]) => descriptor(ref, role)),
    predicateType: PROVENANCE_TYPE,
    predicate: {
      buildDefinition: {
        buildType: `https://pi-loop.dev/stage/${kind}/v2`,
        externalParameters: { campaign: input.campaign, stage, parameters: input.parameters },
        internalParameters: { key, counts, cost, seconds, models, log },
        resolvedDependencies: [
          ...Object.entries(inputs).map(([role, ref]) => descriptor(ref, role)),
          { name: 'plan', uri: input.planUri, digest: { sha256: input.plan } },
          ...codeOf(build),
        ],
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

const codeOf = ({ commit, trainer, packages, prompts }: BuildIdentity): Descriptor[] => [
  ...(commit ? [{ name: 'source', digest: { gitCommit: commit } }] : []),
  { name: 'package-lock.json', digest: { sha256: packages } },
  { name: 'trainer', digest: { sha256: trainer } },
  ...Object.entries(prompts).map(([name, digest]) => ({
    name: `prompts/${name}`,
    digest: { sha256: digest },
  })),
];

const descriptor = (ref: ArtifactRef, role: string): Descriptor => ({
  name: role,
  uri: ref.uri,
  digest: ref.digest,
  mediaType: ref.mediaType,
});
