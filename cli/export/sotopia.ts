import { z } from 'zod';
import { blobKey } from '../../artifacts/artifactStore';
import type { Bucket } from '../../artifacts/bucket';
import { readBlob } from '../../audit/readBlob';
import type { AuditedCampaign } from '../../audit/readCampaign';
import type { ProfileFiles } from '../../domain/tasks/importProfiles';
import { episodeRecord } from '../../formats/sotopia/episodeRecord';
import { exportProfiles } from '../../formats/sotopia/exportProfiles';
import type { ArtifactRef } from '../../schemas/artifact';
import { STAGE_PARAMETERS } from '../../schemas/plan';
import type { ExportFolder } from './exportFolder';
import { ratedEpisodes, readCollections, readTaskSet } from './ratedEpisodes';

/** Writes a campaign's profiles and episodes as Sotopia's JSONL. @returns what was written and what was normalised */
export async function exportSotopia(bucket: Bucket, campaign: AuditedCampaign, folder: ExportFolder) {
  const taskSet = await readTaskSet(bucket, campaign);
  const collections = await readCollections(bucket, campaign);
  const rated = folder.file('episode_logs.jsonl');
  const unrated = folder.file('unrated_episodes.jsonl');
  const played: [string, [string, string]][] = [];
  for (const collection of collections) {
    for await (const one of ratedEpisodes(bucket, campaign, taskSet, collection)) {
      const record = episodeRecord(one);
      played.push([one.task.id, one.episode.agents]);
      await (record.rewards ? rated : unrated).write(`${JSON.stringify(record)}\n`);
    }
  }
  const profiles = exportProfiles(taskSet, await importedFiles(bucket, campaign), played);
  const { normalised, leftOut, ...files } = profiles;
  const names = {
    environments: 'environment_profiles.jsonl',
    agents: 'agent_profiles.jsonl',
    relationships: 'relationship_profiles.jsonl',
    combos: 'env_agent_combo_storages.jsonl',
  } as const;
  for (const [kind, rows] of Object.entries(files)) {
    const file = folder.file(names[kind as keyof typeof names]);
    for (const row of rows) await file.write(`${JSON.stringify(row)}\n`);
  }
  return { normalised, leftOut };
}

/** The files that the campaign's tasks were imported from; null when the store has them no more. */
async function importedFiles(bucket: Bucket, { plan }: AuditedCampaign): Promise<ProfileFiles | null> {
  const stage = plan.plan.stages.find(({ kind }) => kind === 'prepareTasks');
  const parameters = z.safeParse(STAGE_PARAMETERS.prepareTasks, stage?.parameters).data;
  if (!parameters) return null;
  const read = async (ref: ArtifactRef | null | undefined) => {
    // What was deleted, by right, is not given back; the task set still tells what was read of it.
    if (!ref || !(await bucket.read(blobKey(ref.digest.sha256)))) return undefined;
    return { name: ref.name, text: (await readBlob(bucket, ref.digest.sha256)).toString('utf8') };
  };
  const agents = await read(parameters.agents);
  const relationships = await read(parameters.relationships);
  const environments = await read(parameters.import?.environments);
  const pairs = await read(parameters.import?.pairs);
  if (!agents) return null;
  return {
    agents,
    ...(relationships && { relationships }),
    ...(environments && { environments }),
    ...(pairs && { pairs }),
  };
}
