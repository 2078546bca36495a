import { RESULTS_FOLDER } from '../../artifacts/documentKeys';
import { type ArtifactStore, blobKey } from '../../artifacts/artifactStore';
import { inParallel } from '../../domain/inParallel';
import { StageResult } from '../../schemas/plan';
import { kindOf, readBy, readManifest } from '../readManifest';
import { belongsTo, takeInventory } from './inventory';
import type { Needle } from './needle';
import { referencesOf } from './references';

export interface ForgetPlan {
  /** Digests of the blobs that hold it. */
  blobs: string[];
  /** Keys of named documents that hold it and may go: batches, journals. */
  documents: string[];
  /** Keys of documents that hold it and cannot go without breaking what proves the rest: logs, records. */
  bound: string[];
  /** What was made of it: policies that were trained on it, and what else stages made. */
  builtOn: { stage: string; campaign: string; kind: string; outputs: { role: string; digest: string }[] }[];
  /** Blobs of the policies built on it, their files included. */
  policies: string[];
  /** Campaigns whose stages read or wrote any of it. */
  campaigns: string[];
}

const READS_AT_ONCE = 16;
/** Documents that are made anew, or not needed, when they are gone. */
const MAY_GO = /^(?:batches|journals|checkpoints)\//;

/** Reads the whole bucket: what holds a text cannot be told by names. Errors: STORAGE_*, ARTIFACT_CORRUPT. */
export async function planForgetting(store: ArtifactStore, needle: Needle): Promise<ForgetPlan> {
  const { blobs, documents, campaigns } = await takeInventory(store);
  const hits = new Set<string>();
  const named = new Map<string, string[]>();
  await inParallel([...blobs.keys()], READS_AT_ONCE, async (digest) => {
    const bytes = await store.read(blobKey(digest));
    if (!bytes) return;
    if (needle(bytes, digest)) hits.add(digest);
    named.set(digest, referencesOf(bytes).leaves);
  });
  const holding = await inParallel([...documents.keys()], READS_AT_ONCE, async (key) => {
    const bytes = await store.read(key);
    return bytes && needle(bytes, null) ? [key] : [];
  });
  const found = holding.flat();
  // Who names what is gone is built on it as well: an index, a folder.
  const tainted = new Set([
    ...hits,
    ...[...named].flatMap(([digest, leaves]) => (leaves.some((leaf) => hits.has(leaf)) ? [digest] : [])),
  ]);
  const stages = await readStages(store, [...documents.keys()]);
  const builtOn = descendants(stages, tainted);
  const outputs = builtOn.flatMap((stage) => stage.outputs);
  const policies = outputs.filter(({ role }) => role === 'policy' || role === 'checkpoints');
  const makers = stages.filter(({ wrote }) => wrote.some(({ digest }) => tainted.has(digest)));
  const concerned = new Set([...makers, ...builtOn].map(({ campaign }) => campaign));
  return {
    blobs: [...hits].sort(),
    documents: found.filter((key) => MAY_GO.test(key)),
    bound: found.filter((key) => !MAY_GO.test(key)),
    builtOn: builtOn.map(({ id, campaign, kind, outputs: made }) => ({
      stage: id,
      campaign,
      kind,
      outputs: made,
    })),
    policies: await policyBlobs(store, policies, [...blobs.keys()], named, tainted),
    campaigns: campaigns.filter((id) => concerned.has(id) || found.some((key) => belongsTo(id, key))),
  };
}

interface ReadStage {
  id: string;
  campaign: string;
  kind: string;
  read: string[];
  wrote: { role: string; digest: string }[];
}

async function readStages(store: ArtifactStore, documents: readonly string[]): Promise<ReadStage[]> {
  const keys = documents.filter((key) => key.startsWith(RESULTS_FOLDER));
  const stages = await inParallel(keys, READS_AT_ONCE, async (key): Promise<ReadStage[]> => {
    const result = await store.getDocument(key, StageResult);
    // A manifest that was forgotten itself tells nothing any more.
    if (!result || !(await store.read(blobKey(result.manifest.digest.sha256)))) return [];
    const { statement } = await readManifest(store, result.manifest.digest.sha256);
    const { campaign, stage } = statement.predicate.buildDefinition.externalParameters;
    const wrote = Object.entries(result.outputs).map(([role, { digest }]) => ({
      role,
      digest: digest.sha256,
    }));
    const read = readBy(statement).filter(({ role }) => role !== 'plan');
    return [{ id: stage, campaign, kind: kindOf(statement), read: read.map(({ digest }) => digest), wrote }];
  });
  return stages.flat();
}

interface Descendant extends ReadStage {
  outputs: ReadStage['wrote'];
}

/** Stages that read what is tainted, and those that read what they made. */
function descendants(stages: readonly ReadStage[], tainted: ReadonlySet<string>): Descendant[] {
  const reached = new Set(tainted);
  const found = new Map<ReadStage, Descendant>();
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const stage of stages) {
      if (found.has(stage) || !stage.read.some((digest) => reached.has(digest))) continue;
      found.set(stage, { ...stage, outputs: stage.wrote });
      for (const { digest } of stage.wrote) reached.add(digest);
    }
  }
  return [...found.values()];
}

/** Folders of policies and the files that no other folder has. */
async function policyBlobs(
  store: ArtifactStore,
  outputs: readonly { digest: string }[],
  there: readonly string[],
  named: ReadonlyMap<string, string[]>,
  tainted: ReadonlySet<string>,
): Promise<string[]> {
  const exists = new Set(there);
  const lists = outputs
    .map(({ digest }) => digest)
    .filter((digest) => exists.has(digest) && !tainted.has(digest));
  const nested = await Promise.all(
    lists.map(async (digest) => referencesOf((await store.read(blobKey(digest))) ?? Buffer.alloc(0)).follow),
  );
  const folders = new Set([...lists, ...nested.flat().filter((digest) => exists.has(digest))]);
  const elsewhere = new Set([...named].flatMap(([digest, leaves]) => (folders.has(digest) ? [] : leaves)));
  const files = [...folders]
    .flatMap((digest) => named.get(digest) ?? [])
    .filter((file) => !elsewhere.has(file));
  return [...new Set([...folders, ...files])].sort();
}
