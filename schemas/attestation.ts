import { z } from 'zod';
import { Sha256 } from './artifact';
import { AnsweringModel } from './modelCall';
import { StageCost } from './plan';

/** An in-toto ResourceDescriptor (in-toto attestation framework v1, resource_descriptor.md), as far as we write it. */
export const Descriptor = z.strictObject({
  name: z.string(),
  uri: z.string().optional(),
  digest: z.union([z.strictObject({ sha256: Sha256 }), z.strictObject({ gitCommit: z.string() })]),
  mediaType: z.string().optional(),
});
export type Descriptor = z.infer<typeof Descriptor>;

/** A place in a campaign's log: an entry's number, and the SHA-256 of the entry's file. */
export const LogHead = z.strictObject({ number: z.number().int().positive(), digest: Sha256 });
export type LogHead = z.infer<typeof LogHead>;

export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
export const PROVENANCE_TYPE = 'https://slsa.dev/provenance/v1';

/**
 * What a stage was told, read and wrote, who ran it and what it cost: an in-toto Statement v1 with SLSA provenance v1
 * (slsa.dev/spec/v1.0/provenance).
 */
export const StageStatement = z.strictObject({
  _type: z.literal(STATEMENT_TYPE),
  /** The stage's outputs, named by their roles. */
  subject: z.array(Descriptor),
  predicateType: z.literal(PROVENANCE_TYPE),
  predicate: z.strictObject({
    buildDefinition: z.strictObject({
      /** `https://pi-loop.dev/stage/<kind>/v2`; v1 of releases before 0.3.0 says less and is not signed. */
      buildType: z.string(),
      externalParameters: z.strictObject({
        campaign: z.string(),
        stage: z.string(),
        /** The stage's parameters as its plan has them, seeds among them. */
        parameters: z.unknown(),
      }),
      internalParameters: z.strictObject({
        key: Sha256,
        counts: z.record(z.string(), z.number()),
        cost: StageCost,
        /** Seconds of the stage's own work. */
        seconds: z.number(),
        /** Models that answered in this stage, sorted; policies are inputs. */
        models: z.array(AnsweringModel),
        /** The campaign log's head when this was written. */
        log: LogHead.nullable(),
      }),
      /**
       * What lies in the bucket has an address: inputs by role, and `plan`. The code has none: `source` (a commit) where
       * known, `package-lock.json`, `trainer`, and `prompts/<template>`.
       */
      resolvedDependencies: z.array(Descriptor),
    }),
    runDetails: z.strictObject({
      builder: z.strictObject({ id: z.string(), version: z.record(z.string(), z.string()) }),
      metadata: z.strictObject({
        /** `<namespace>/<workflow id>/<run id>/<activity id>/<attempt>`. */
        invocationId: z.string(),
        startedOn: z.string(),
        finishedOn: z.string(),
      }),
    }),
  }),
});
export type StageStatement = z.infer<typeof StageStatement>;

/** A signed document: DSSE v1 (github.com/secure-systems-lab/dsse/blob/master/envelope.md). Base64 is the standard one. */
export const Envelope = z.strictObject({
  payload: z.base64(),
  payloadType: z.string(),
  signatures: z.array(z.strictObject({ keyid: Sha256, sig: z.base64() })).min(1),
});
export type Envelope = z.infer<typeof Envelope>;

/**
 * Who may sign: the public key, from when on, and, after a rotation, the key before that vouches for it. Lies in the
 * bucket for readers; whom to trust is decided outside of it.
 */
export const Signer = z.strictObject({
  /** SHA-256 of the key's SubjectPublicKeyInfo in DER. */
  keyid: Sha256,
  /** SubjectPublicKeyInfo, PEM. Ed25519. */
  publicKey: z.string(),
  /** ISO 8601. */
  since: z.string(),
  endorsedBy: z.strictObject({ keyid: Sha256, sig: z.base64() }).nullable(),
});
export type Signer = z.infer<typeof Signer>;
