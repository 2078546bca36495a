import { resultKey } from '../../artifacts/documentKeys';
import { z } from 'zod';
import { blobKey } from '../../artifacts/blobKey';
import { digestOfJson } from '../../artifacts/canonicalJson';
import { designEpisodes, type DesignParameters } from '../../domain/episode/design';
import { checkpointDesign, collectionDesign, evaluationDesign } from '../../domain/episode/stageDesigns';
import { CollectedEpisode, type CollectionDesign } from '../../schemas/episode';
import { STAGE_PARAMETERS } from '../../schemas/plan';
import { TaskSet } from '../../schemas/profiles';
import { PolicyCheckpoint } from '../../schemas/training';
import { inputOf, kindOf, outputOf } from '../readManifest';
import type { Batch } from './batches';
import type { Findings } from './findings';
import { type LoadedStage } from './loadCampaign';
import type { VerifiedBlobs } from './verifiedBlobs';
import { whereReadable } from './whereReadable';

/** Episodes that a stage played together. */
export interface Collection {
  stage: LoadedStage;
  /** Of a choice of checkpoints: the candidate that played. */
  candidate: PolicyCheckpoint | null;
  design: CollectionDesign;
  /** Object that lists the episodes. */
  object: string;
  rows: CollectedEpisode[];
  batches: readonly Batch[];
}

interface Reading {
  blobs: VerifiedBlobs;
  findings: Findings;
  /** By the digests of their designs. */
  batches: ReadonlyMap<string, readonly Batch[]>;
}

interface Asked {
  candidate: PolicyCheckpoint | null;
  parameters: DesignParameters;
}

/**
 * What a stage was to play, computed again, with what it played. A choice of checkpoints keeps no index of its own: where
 * its batches are not there either, nothing is given. Errors: ARTIFACT_*.
 */
export async function collectionsOf(stage: LoadedStage, reading: Reading): Promise<Collection[]> {
  const { blobs, findings, batches } = reading;
  const asked = await askedOf(stage, blobs);
  if (asked.length === 0 || !stage.manifest) return [];
  const taskSetDigest = inputOf(stage.manifest.statement, 'tasks') ?? '';
  const taskSet = await blobs.json(taskSetDigest, TaskSet);
  const collections: Collection[] = [];
  for (const { candidate, parameters } of asked) {
    const design = designEpisodes(parameters, taskSet, taskSetDigest);
    const own = batches.get(digestOfJson(design)) ?? [];
    for (const { object } of own) findings.isUsed(object, resultKey(stage.key));
    const listed = candidate
      ? await rowsOfBatches(own, blobs)
      : await rowsOfIndex(stage, own, blobs, findings);
    if (listed) collections.push({ stage, candidate, design, batches: own, ...listed });
  }
  return collections;
}

/** Nothing for stages that play no episodes. */
async function askedOf({ manifest }: LoadedStage, blobs: VerifiedBlobs): Promise<Asked[]> {
  if (!manifest) return [];
  const { statement } = manifest;
  const { parameters } = statement.predicate.buildDefinition.externalParameters;
  const policyOf = (role: string) => inputOf(statement, role) ?? '';
  const one = (design: DesignParameters): Asked[] => [{ candidate: null, parameters: design }];
  switch (kindOf(statement)) {
    case 'collectEpisodes':
      return one(collectionDesign(STAGE_PARAMETERS.collectEpisodes.parse(parameters), policyOf));
    case 'evaluatePolicy':
      return one(evaluationDesign(STAGE_PARAMETERS.evaluatePolicy.parse(parameters), policyOf));
    case 'chooseCheckpoint': {
      const choosing = STAGE_PARAMETERS.chooseCheckpoint.parse(parameters);
      const candidates = await candidatesOf(policyOf, blobs);
      return candidates.map((candidate) => ({
        candidate,
        parameters: checkpointDesign(choosing, candidate.policy.digest.sha256),
      }));
    }
    default:
      return [];
  }
}

/** The policies that a checkpoint was chosen from; what the round started from is step 0, where it is one of them. */
async function candidatesOf(
  digestOf: (role: string) => string,
  blobs: VerifiedBlobs,
): Promise<PolicyCheckpoint[]> {
  const checkpoints = await blobs.json(digestOf('checkpoints'), z.array(PolicyCheckpoint));
  const start = digestOf('start');
  if (start === '') return checkpoints;
  const policy = { name: 'policy', digest: { sha256: start }, mediaType: '', bytes: 0 };
  return [{ step: 0, policy }, ...checkpoints];
}

type Listed = Pick<Collection, 'object' | 'rows'>;

/** The index that a stage wrote is that of its batches, one behind the other. */
async function rowsOfIndex(
  { id, manifest }: LoadedStage,
  batches: readonly Batch[],
  blobs: VerifiedBlobs,
  findings: Findings,
): Promise<Listed | null> {
  const digest = manifest && outputOf(manifest.statement, 'episodes');
  if (!digest) return null;
  const object = blobKey(digest);
  // The rows are checked even where a batch cannot be read: nothing hides behind one that is gone.
  await whereReadable(object, findings, async () => {
    if (batches.length === 0) return;
    const parts = await Promise.all(batches.map(({ finished }) => blobs.read(finished.index.digest.sha256)));
    if (!Buffer.concat(parts).equals(await blobs.read(digest)))
      findings.fail(object, `It is not the index of the batches that stage ${id} played.`);
  });
  return { object, rows: await blobs.jsonLines(digest, CollectedEpisode) };
}

async function rowsOfBatches(batches: readonly Batch[], blobs: VerifiedBlobs): Promise<Listed | null> {
  const [first] = batches;
  if (!first) return null;
  const rows = await Promise.all(
    batches.map(({ finished }) => blobs.jsonLines(finished.index.digest.sha256, CollectedEpisode)),
  );
  return { object: first.object, rows: rows.flat() };
}
