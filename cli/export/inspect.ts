import { z } from 'zod';
import type { Bucket } from '../../artifacts/bucket';
import { inputOf } from '../../audit/readManifest';
import type { AuditedCampaign } from '../../audit/readCampaign';
import { headerOf, type LogSubject, LogSummary, startOf } from '../../formats/inspect/log';
import { sampleOf } from '../../formats/inspect/sample';
import { StagePlayer } from '../../schemas/plan';
import type { ExportFolder } from './exportFolder';
import { type Collection, ratedEpisodes, readCollections, readTaskSet } from './ratedEpisodes';
import { ZipFile } from './zipFile';

/** Writes one Inspect log for each evaluation; of all stages that rated episodes when asked. */
export async function exportInspect(
  bucket: Bucket,
  campaign: AuditedCampaign,
  folder: ExportFolder,
  { collections }: { collections: boolean },
) {
  const taskSet = await readTaskSet(bucket, campaign);
  const all = await readCollections(bucket, campaign);
  for (const collection of all) {
    if (!collections && collection.stage.kind !== 'evaluatePolicy') continue;
    const name = `${collection.stage.id.replaceAll('/', '-')}.eval`;
    const file = folder.file(name);
    const zip = new ZipFile((bytes) => file.writeBytes(bytes));
    const add = (entry: string, value: unknown) =>
      zip.add(entry, folder.screening.look(JSON.stringify(value), `${name}/${entry}`));

    const subject = subjectOf(campaign, collection);
    const summary = new LogSummary();
    await add('_journal/start.json', startOf(subject));
    for await (const one of ratedEpisodes(bucket, campaign, taskSet, collection)) {
      const sample = sampleOf(one);
      summary.add(sample);
      await add(`samples/${sample.id}_epoch_1.json`, sample);
    }
    await add('summaries.json', summary.summaries);
    await add('header.json', headerOf(subject, summary));
    await zip.close();
  }
  return {};
}

const Parameters = z.looseObject({
  split: z.string(),
  players: z.tuple([StagePlayer, StagePlayer]).optional(),
  contestant: StagePlayer.optional(),
  partner: z.object({ model: z.object({ model: z.string() }) }).optional(),
  rules: z.unknown(),
  seed: z.number(),
  pairsPerTask: z.number(),
});

function subjectOf(campaign: AuditedCampaign, { stage, judge, rows }: Collection): LogSubject {
  const { statement, digest } = stage.manifest;
  const { builder, metadata } = statement.predicate.runDetails;
  const planned = campaign.plan.plan.stages.find(({ id }) => id === stage.id);
  const { split, players, contestant, partner, rules, seed, pairsPerTask } = Parameters.parse(
    planned?.parameters,
  );
  const nameOf = (player: StagePlayer | undefined) => {
    if (player?.kind === 'model') return player.model.model;
    return player ? `policy:${inputOf(statement, player.input) ?? player.input}` : 'unknown';
  };
  return {
    campaign: campaign.id,
    stage: stage.id,
    key: stage.key,
    manifest: digest,
    episodes: stage.result.outputs['episodes']?.digest.sha256 ?? '',
    startedAt: metadata.startedOn,
    finishedAt: metadata.finishedOn,
    models: {
      contestant: nameOf(contestant ?? players?.[0]),
      partner: partner?.model.model ?? nameOf(players?.[1]),
      judge: judge.model,
    },
    dataset: { split, taskSet: inputOf(statement, 'tasks') ?? null },
    sampleIds: rows.map(({ id }) => id),
    parameters: { rules, seed, pairs_per_task: pairsPerTask },
    version: builder.version['pi-loop'] ?? 'unknown',
    simulated: campaign.plan.plan.simulated,
  };
}
