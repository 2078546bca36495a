import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ArtifactStore } from '../artifacts/artifactStore';
import { canonicalJson, sha256 } from '../artifacts/canonicalJson';
import { listDirectory, putDirectory } from '../artifacts/directories';
import { digestFile, type ReadObject } from '../artifacts/streams';
import { type CampaignFiles, planCampaign } from '../domain/plan/planCampaign';
import type { ImportedProfiles } from '../domain/tasks';
import type { ModelShape } from '../domain/training/modelShape';
import type { ArtifactRef, DirectoryListing } from '../schemas/artifact';
import type { CampaignSpec } from '../schemas/campaign';
import { MEDIA_TYPES } from '../schemas/names';
import type { Plan } from '../schemas/plan';
import { type ModelFolders, readCampaignFile } from './campaignFile';
import { policyShape } from './policyShape';
import { readProfiles } from './importedProfiles';

export interface ResolvedCampaign {
  spec: CampaignSpec;
  plan: Plan;
  /** Size of its policies; null where nothing says it. */
  shape: ModelShape | null;
  /** What the profile files hold and what was odd in them; null where the campaign imports no tasks. */
  imported: ImportedProfiles | null;
  /** Folders of models that are not there yet; the plan is as if they were empty. */
  missing: string[];
  /** Puts the campaign's files and its plan into the store; gives the plan's digest. */
  upload(store: ArtifactStore): Promise<string>;
}

/** What a command line may say in place of the file. */
export interface CampaignOverrides {
  /** Default: the name in the file. */
  campaign?: string | undefined;
  seed?: number | undefined;
}

/** Reads a campaign file and plans it, without touching anything outside. Errors: CampaignFileError. */
export async function resolveCampaign(
  file: string,
  { campaign, seed }: CampaignOverrides = {},
  models: ModelFolders = 'needed',
): Promise<ResolvedCampaign> {
  const { spec: read, files, prices } = await readCampaignFile(file, models);
  const spec = seed === undefined ? read : { ...read, seed };
  const references: Record<string, ArtifactRef> = {};
  const missing = Object.values(files).filter((location) => !existsSync(location));
  for (const [path, location] of Object.entries(files)) {
    references[path] = missing.includes(location)
      ? describeListing(location, { files: [] })
      : await describeFile(location);
  }
  const plan = planCampaign(campaign ?? spec.name, spec, references satisfies CampaignFiles, prices);
  return {
    spec,
    plan,
    shape: await policyShape(spec, files['policy.base.directory']),
    missing,
    imported: spec.tasks.import ? await readProfiles(files) : null,
    upload: async (store) => {
      const stored: Record<string, ArtifactRef> = {};
      for (const [path, location] of Object.entries(files)) stored[path] = await putFile(store, location);
      const final = planCampaign(plan.campaign, spec, stored, prices);
      return (await store.putJson(final, 'plan.json', MEDIA_TYPES.plan)).digest.sha256;
    },
  };
}

async function describeFile(location: string): Promise<ArtifactRef> {
  const file = await stat(location);
  return file.isDirectory()
    ? describeListing(location, await listDirectory(location))
    : describe(location, { sha256: await digestFile(location), bytes: file.size }, MEDIA_TYPES.binary);
}

function describeListing(location: string, listing: DirectoryListing): ArtifactRef {
  const text = canonicalJson(listing);
  const read = { sha256: sha256(text), bytes: Buffer.byteLength(text) };
  return describe(location, read, MEDIA_TYPES.directory);
}

const describe = (location: string, { sha256, bytes }: ReadObject, mediaType: string): ArtifactRef => ({
  name: basename(location),
  uri: `file:${basename(location)}`,
  digest: { sha256 },
  mediaType,
  bytes,
});

async function putFile(store: ArtifactStore, location: string): Promise<ArtifactRef> {
  if ((await stat(location)).isDirectory()) return putDirectory(store, location, basename(location));
  return store.putFile(location, basename(location), MEDIA_TYPES.binary);
}
