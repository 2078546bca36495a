import { RESULTS_FOLDER, resultKey } from '../../artifacts/documentKeys';
import { type ArtifactStore, blobKey, type ListedObject } from '../../artifacts/artifactStore';
import { digestOfJson } from '../../artifacts/canonicalJson';
import { inParallel } from '../../domain/inParallel';
import { StageResult } from '../../schemas/plan';
import { KeptConversations } from '../../schemas/batch';
import { readCampaign } from '../readCampaign';
import { belongsTo, type Inventory, takeInventory } from './inventory';
import { digestOfPath, Marking } from './marking';
import { referencesOf } from './references';

export interface CollectionOptions {
  /** Younger objects are kept: work under way has blobs before it has manifests. */
  keepDays: number;
  /** Campaigns of which the data goes; log, plan and manifests stay. */
  drop: readonly string[];
  /** Let checkpoints of finished trainings go, which only an interrupted training would resume from. */
  checkpoints: boolean;
  now: Date;
}

export interface Gone {
  key: string;
  bytes: number;
  why: string;
}

export interface CollectionPlan {
  /** Of what goes; the same plan has the same digest. */
  digest: string;
  gone: Gone[];
  bytes: number;
  /** Of `gone`, the blobs that a kept manifest names: each leaves a tombstone. */
  tombstones: string[];
  kept: { campaigns: string[]; unfinished: string[]; blobs: number; bytes: number; young: number };
  drop: string[];
}

const READS_AT_ONCE = 16;
const DAY_MS = 86_400_000;

/**
 * What may go of a bucket: nothing that a campaign that is not dropped leads to, from its log, record or plan on.
 * Errors: ARTIFACT_* of a dropped campaign; STORAGE_*.
 */
export async function planCollection(
  store: ArtifactStore,
  options: CollectionOptions,
): Promise<CollectionPlan> {
  const inventory = await takeInventory(store);
  const isYoung = ({ modified }: ListedObject) =>
    options.now.getTime() - modified.getTime() < options.keepDays * DAY_MS;
  const evidence = await Promise.all(options.drop.map((id) => evidenceOf(store, id)));
  const finishedKeys = new Set(
    [...inventory.documents.keys()].flatMap((key) => /^stages\/(\w+)\.json$/.exec(key)?.[1] ?? []),
  );
  const isSpent = (key: string) =>
    options.checkpoints &&
    /^checkpoints\/\w+\/(?!epochs\/)/.test(key) &&
    finishedKeys.has(digestOfPath(key) ?? '');
  const marking = new Marking(store, inventory, isSpent);
  const roots = rootsOf(inventory, options, isYoung, isSpent);
  await marking.mark(roots);
  await markBatches(store, inventory, marking);
  const held = new Set(marking.blobs);
  marking.keep(evidence.flatMap(({ kept }) => kept));

  const documents = [...inventory.documents.values()].filter(
    ({ key }) => !marking.documents.has(key) && !options.drop.some((id) => belongsTo(id, key)),
  );
  const blobs = [...inventory.blobs].filter(([digest]) => !marking.blobs.has(digest));
  const named = new Set(evidence.flatMap((one) => one.named));
  const gone = [
    ...documents.map(({ key, bytes }) => ({
      key,
      bytes,
      why: isSpent(key) ? 'checkpoint of a finished training' : 'no campaign leads to it',
    })),
    ...blobs.map(([digest, { key, bytes }]) => ({
      key,
      bytes,
      why: named.has(digest) ? `only ${options.drop.join(', ')} needs it` : 'nothing that is kept names it',
    })),
  ].sort((a, b) => (a.key < b.key ? -1 : 1));
  const keptBytes = [...marking.blobs].reduce(
    (sum, digest) => sum + (inventory.blobs.get(digest)?.bytes ?? 0),
    0,
  );
  return {
    digest: digestOfJson({ keys: gone.map(({ key }) => key), drop: options.drop }),
    gone,
    bytes: gone.reduce((sum, { bytes }) => sum + bytes, 0),
    tombstones: blobs.map(([digest]) => digest).filter((digest) => named.has(digest)),
    kept: {
      campaigns: inventory.campaigns.filter((id) => !options.drop.includes(id)),
      unfinished: inventory.unfinished.filter((id) => !options.drop.includes(id)),
      blobs: held.size,
      bytes: keptBytes,
      young: [...inventory.blobs.values()].filter(isYoung).length,
    },
    drop: [...options.drop],
  };
}

/** Kept for their own sake: what campaigns left, what is young, and what nobody knows the meaning of. */
function rootsOf(
  { blobs, documents, unfinished }: Inventory,
  { drop }: CollectionOptions,
  isYoung: (object: ListedObject) => boolean,
  isSpent: (key: string) => boolean,
): string[] {
  const mayGoOn = unfinished.some((id) => !drop.includes(id));
  const named = [...documents.values()].filter((object) => {
    if (drop.some((id) => belongsTo(id, object.key))) return false;
    if (isSpent(object.key)) return false;
    // What an unfinished campaign's stages left so far lies under keys that only it could tell.
    return (
      digestOfPath(object.key) === null ||
      isYoung(object) ||
      (mayGoOn && !object.key.startsWith(RESULTS_FOLDER))
    );
  });
  return [...named, ...[...blobs.values()].filter(isYoung)].map(({ key }) => key);
}

/** Batches are kept as long as any of their conversations: who rates them anew needs them all. */
async function markBatches(store: ArtifactStore, { documents }: Inventory, marking: Marking): Promise<void> {
  const keys = [...documents.keys()].filter(
    (key) => key.startsWith('batches/') && !marking.documents.has(key),
  );
  const alive = await inParallel(keys, READS_AT_ONCE, async (key) => {
    const conversations = key.startsWith('batches/conversations/')
      ? ((await store.getDocument(key, KeptConversations))?.played.map(({ episode }) => episode) ?? [])
      : await episodesOf(store, key);
    return conversations.some((digest) => marking.blobs.has(digest)) ? [key] : [];
  });
  await marking.mark(alive.flat());
}

/** Of a finished batch's index, or of ratings. */
async function episodesOf(store: ArtifactStore, key: string): Promise<string[]> {
  const document = await store.read(key);
  if (!document) return [];
  const { follow, leaves } = referencesOf(document);
  const indexes = await Promise.all(follow.map((digest) => store.read(blobKey(digest))));
  return [...leaves, ...indexes.flatMap((bytes) => (bytes ? referencesOf(bytes).leaves : follow))];
}

/** What stays of a dropped campaign, and what its manifests name. */
async function evidenceOf(store: ArtifactStore, id: string): Promise<{ kept: string[]; named: string[] }> {
  const { plan, stages, log } = await readCampaign(store, id);
  const manifests = stages.map(({ manifest }) => manifest.digest);
  const histories = log.flatMap(({ entry: { event } }) =>
    event.kind === 'histories-archived' ? event.histories.map(({ history }) => history.digest.sha256) : [],
  );
  const results = await Promise.all(stages.map(({ key }) => store.getDocument(resultKey(key), StageResult)));
  const outputs = results.flatMap((result) => Object.values(result?.outputs ?? {}));
  const texts = await Promise.all(manifests.map((digest) => store.getBytes(digest)));
  const named = texts.flatMap((bytes) => referencesOf(bytes).follow);
  return {
    kept: [plan.digest, ...manifests, ...histories],
    named: [...named, ...outputs.map(({ digest }) => digest.sha256)],
  };
}
