import { campaignKey } from '../../artifacts/documentKeys';
import { type ArtifactStore, blobKey, type ListedObject } from '../../artifacts/artifactStore';
import { readLog } from '../../artifacts/campaignLog';
import { lastRun } from '../readCampaign';

/** What lies in a bucket. */
export interface Inventory {
  /** By digest. */
  blobs: ReadonlyMap<string, ListedObject>;
  /** Named documents, by key. */
  documents: ReadonlyMap<string, ListedObject>;
  /** Ids of the campaigns that left anything. */
  campaigns: string[];
  /** Of these, the ones that have not finished, and may go on. */
  unfinished: string[];
}

/** Errors: STORAGE_*. */
export async function takeInventory(store: ArtifactStore): Promise<Inventory> {
  const blobs = new Map<string, ListedObject>();
  const documents = new Map<string, ListedObject>();
  for (const object of await store.listWithDates('')) {
    if (object.key.startsWith(blobKey(''))) blobs.set(object.key.slice(blobKey('').length), object);
    else documents.set(object.key, object);
  }
  const ids = [...documents.keys()].flatMap(
    (key) => /^campaigns\/([^/]+?)(?:\.json|\/.*)$/.exec(key)?.[1] ?? [],
  );
  const campaigns = [...new Set(ids)];
  const finished = await Promise.all(
    campaigns.map((id) => hasFinished(store, id, documents.has(campaignKey(id)))),
  );
  return { blobs, documents, campaigns, unfinished: campaigns.filter((_id, index) => !finished[index]) };
}

/** A record may be of an earlier run under the same id; campaigns of 0.2.0 have no log. */
async function hasFinished(store: ArtifactStore, id: string, recorded: boolean): Promise<boolean> {
  const log = await readLog(store, id);
  if (log.length === 0) return recorded;
  return lastRun(log).some(({ entry }) => entry.event.kind === 'campaign-finished');
}

export const belongsTo = (campaign: string, key: string): boolean =>
  key === campaignKey(campaign) || key.startsWith(`campaigns/${campaign}/`);
