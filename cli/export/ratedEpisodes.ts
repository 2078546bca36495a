import { z } from 'zod';
import type { Bucket } from '../../artifacts/bucket';
import { readJsonBlob, readJsonLinesBlob } from '../../audit/readBlob';
import type { AuditedCampaign, AuditedStage } from '../../audit/readCampaign';
import type { RatedEpisode } from '../../formats/ratedEpisode';
import { CollectedEpisode, Episode } from '../../schemas/episode';
import { ModelSpec } from '../../schemas/model';
import { TaskSet } from '../../schemas/profiles';
import { Rating } from '../../schemas/rating';
import { CommandError } from '../commandError';

const Played = z.object({ judge: ModelSpec });

/** A stage that played and rated episodes. */
export interface Collection {
  stage: AuditedStage;
  judge: ModelSpec;
  rows: CollectedEpisode[];
}

/** Stages whose episodes are known by an index, in the plan's order. */
export async function readCollections(
  bucket: Bucket,
  { plan, stages }: AuditedCampaign,
): Promise<Collection[]> {
  const collections: Collection[] = [];
  for (const stage of stages) {
    const index = stage.result.outputs['episodes'];
    const planned = plan.plan.stages.find(({ id }) => id === stage.id);
    const played = Played.safeParse(planned?.parameters).data;
    if (!index || !played) continue;
    const rows = await readJsonLinesBlob(bucket, index.digest.sha256, CollectedEpisode);
    collections.push({ stage, judge: played.judge, rows });
  }
  return collections;
}

/** @throws {CommandError} when the campaign has no task set yet */
export async function readTaskSet(bucket: Bucket, campaign: AuditedCampaign): Promise<TaskSet> {
  const tasks = campaign.stages.find(({ kind }) => kind === 'prepareTasks')?.result.outputs['tasks'];
  if (!tasks)
    throw new CommandError(`Campaign ${campaign.id} has no tasks yet: its stage \`tasks\` is not finished.`);
  return readJsonBlob(bucket, tasks.digest.sha256, TaskSet);
}

/** The episodes of a collection, one at a time, with what is needed to tell of them. */
export async function* ratedEpisodes(
  bucket: Bucket,
  { id: campaign, plan }: AuditedCampaign,
  taskSet: TaskSet,
  { stage, judge, rows }: Collection,
): AsyncGenerator<RatedEpisode> {
  const tasks = new Map(taskSet.tasks.map((task) => [task.id, task]));
  const agents = new Map(taskSet.agents.map((agent) => [agent.id, agent]));
  for (const row of rows) {
    const episode = await readJsonBlob(bucket, row.episode, Episode);
    const rating = await readJsonBlob(bucket, row.rating, Rating);
    const task = tasks.get(episode.task);
    const [first, second] = [agents.get(episode.agents[0]), agents.get(episode.agents[1])];
    if (!task || !first || !second) {
      throw new CommandError(
        `Episode ${row.id} of ${stage.id} names a task or an agent that the campaign's task set does not have.`,
      );
    }
    const digests = { episode: row.episode, rating: row.rating };
    yield {
      campaign,
      stage: stage.id,
      digests,
      episode,
      rating,
      task,
      agents: [first, second],
      players: row.players,
      judge: judge.model,
      simulated: plan.plan.simulated,
    };
  }
}
