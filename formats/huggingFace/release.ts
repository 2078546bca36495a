import { z } from 'zod';
import type { Bucket } from '../../artifacts/bucket';
import { canonicalJson } from '../../artifacts/canonicalJson';
import { StorageError } from '../../artifacts/storageError';
import { readBlob, readJsonBlob } from '../../audit/readBlob';
import type { AuditedCampaign, AuditedStage } from '../../audit/readCampaign';
import { inputOf, outputOf } from '../../audit/readManifest';
import { policyNamed, resultsOf, stageNamed, upstreamOf } from '../../audit/upstream';
import { DirectoryListing } from '../../schemas/artifact';
import { Results } from '../../schemas/evaluation';
import { FilterPolicy } from '../../schemas/filter';
import { croissant, type DescribedDataset } from '../croissant/croissant';
import type { FolderFile } from '../folder';
import { datasetCard } from './datasetCard';
import { modelCard } from './modelCard';

export interface ReleaseOptions {
  /** Name in the result table. */
  policy: string;
  /** SPDX id for weights and data; null when nobody has stated one. */
  license: string | null;
}

/** Names that the campaign's result table has for policies of its own, in their order. */
export async function releasable(bucket: Bucket, campaign: AuditedCampaign): Promise<string[]> {
  const { all } = await resultsTable(bucket, campaign);
  return all.policies.filter(({ reference }) => !reference).map(({ policy }) => policy);
}

/**
 * All files of a release but its signature: the policy with its card, the data it learned from, its evaluation, and the
 * signed manifests that led to it. The same campaign gives the same bytes. Errors: ARTIFACT_*.
 */
export async function releaseFiles(
  bucket: Bucket,
  campaign: AuditedCampaign,
  { policy: name, license }: ReleaseOptions,
): Promise<FolderFile[]> {
  const policy = policyNamed(campaign, name);
  const evaluation = stageNamed(campaign, `evaluate/${name}`);
  if (policy === undefined || !evaluation) throw missing(campaign, `no evaluated policy "${name}"`);
  const results = await resultsTable(bucket, campaign);
  const stages = upstreamOf(campaign, evaluation);
  const filters = stages.filter(({ kind }) => kind === 'filterEpisodes');
  const listing = await readJsonBlob(bucket, policy, DirectoryListing);
  const datasets = await Promise.all(
    filters.map((filter) =>
      datasetFiles(bucket, campaign, filter, { license, simulated: results.simulated }),
    ),
  );
  const scores = results.all.policies.find((one) => one.policy === name);
  if (!scores) throw missing(campaign, `no scores of "${name}" in its results`);
  const adapter = listing.files.some((file) => file.name === 'adapter_config.json');
  const card = modelCard({
    name,
    campaign: campaign.id,
    policy,
    license,
    baseModel: null,
    libraryName: adapter ? 'peft' : 'transformers',
    datasets: filters.map(roundOf),
    simulated: results.simulated,
    scores,
    comparisons: results.all.comparisons.filter(({ better, worse }) => [better, worse].includes(name)),
    hard: results.hard.policies.find((one) => one.policy === name) ?? null,
    models: modelsOf(stages),
    provenance: stages.map(({ id, manifest }) => ({ stage: id, manifest: manifest.digest })),
    head: endOf(campaign),
  });
  return [
    { path: 'README.md', text: card },
    ...listing.files
      .filter((file) => file.name !== 'README.md')
      .map((file): FolderFile => ({ path: file.name, blob: file.sha256 })),
    ...datasets.flat(),
    { path: 'evaluation/results.json', blob: resultsOf(campaign) ?? '' },
    { path: 'evaluation/evaluation.json', blob: outputOf(evaluation.manifest.statement, 'evaluation') ?? '' },
    { path: 'LICENSES.md', text: licenses(license, stages) },
    ...stages.map(
      ({ id, manifest }): FolderFile => ({
        path: `provenance/${id.replaceAll('/', '_')}.intoto.json`,
        blob: manifest.digest,
      }),
    ),
  ];
}

const FIELDS: DescribedDataset['fields'] = [
  { name: 'id', description: 'Of the row: episode, position, turn.', type: 'sc:Text', column: 'id' },
  { name: 'episode', description: 'Of the episode.', type: 'sc:Text', column: 'episode' },
  { name: 'position', description: '0 spoke first.', type: 'sc:Integer', column: 'position' },
  {
    name: 'roles',
    description: 'Who wrote each message of the chat; the last is what is learned.',
    type: 'sc:Text',
    column: 'messages',
    item: 'role',
  },
  {
    name: 'contents',
    description: 'What each message of the chat says.',
    type: 'sc:Text',
    column: 'messages',
    item: 'content',
  },
];

async function datasetFiles(
  bucket: Bucket,
  campaign: AuditedCampaign,
  { id, manifest, result }: AuditedStage,
  { license, simulated }: { license: string | null; simulated: boolean },
): Promise<FolderFile[]> {
  const { statement } = manifest;
  const dataset = outputOf(statement, 'dataset') ?? '';
  const decisions = outputOf(statement, 'decisions') ?? '';
  const { externalParameters } = statement.predicate.buildDefinition;
  const { filter } = FilterParameters.parse(externalParameters.parameters);
  const round = roundOf({ id });
  const episodes = inputOf(statement, 'episodes') ?? '';
  const collected = campaign.stages.find(
    (stage) => outputOf(stage.manifest.statement, 'episodes') === episodes,
  );
  const judges = collected?.manifest.statement.predicate.buildDefinition.internalParameters.models ?? [];
  const { counts } = result;
  const folder = `datasets/${round}`;
  const described = croissant({
    name: `${campaign.id}-${round}`,
    description: `Training rows of round ${round} of the campaign ${campaign.id}: sides of social dialogues that the filter ${filter.policy} kept.`,
    license,
    datePublished: statement.predicate.runDetails.metadata.finishedOn.slice(0, 10),
    version: '1.0.0',
    file: { path: 'dataset.jsonl', bytes: (await readBlob(bucket, dataset)).byteLength, sha256: dataset },
    fields: FIELDS,
    derivedFrom: [episodes],
    generatedBy: manifest.digest,
    annotation: {
      protocol:
        'A judge model rates both sides of each episode on the seven dimensions of SOTOPIA; an answer that cannot be read leaves the episode unrated and out of the data.',
      tools: judges.map(({ model, snapshot }) => `${model} (answered as ${snapshot})`),
      perItem: '1',
    },
  });
  const card = datasetCard({
    campaign: campaign.id,
    round,
    license,
    rows: counts['rows'] ?? 0,
    filter: filter.policy,
    kept: counts['kept'] ?? 0,
    sides: counts['sides'] ?? 0,
    simulated,
    manifest: manifest.digest,
  });
  return [
    { path: `${folder}/README.md`, text: card },
    { path: `${folder}/croissant.json`, text: `${canonicalJson(described)}\n` },
    { path: `${folder}/dataset.jsonl`, blob: dataset },
    { path: `${folder}/decisions.jsonl`, blob: decisions },
  ];
}

const FilterParameters = z.looseObject({ filter: FilterPolicy });

/** `BC` of `BC/filter`. */
const roundOf = ({ id }: Pick<AuditedStage, 'id'>): string => id.slice(0, id.lastIndexOf('/'));

function modelsOf(stages: readonly AuditedStage[]) {
  const roles = new Map<string, { model: string; snapshot: string; roles: string[] }>();
  for (const { id, manifest } of stages) {
    for (const answered of manifest.statement.predicate.buildDefinition.internalParameters.models) {
      const name = JSON.stringify(answered);
      const known = roles.get(name) ?? { ...answered, roles: [] };
      roles.set(name, { ...known, roles: [...known.roles, id] });
    }
  }
  return [...roles.values()];
}

/** The log where the campaign had finished: what was written behind is no part of what is released. */
function endOf({ log }: AuditedCampaign): string | null {
  const end = log.findLast(({ entry }) => entry.event.kind === 'campaign-finished');
  return end ? `${end.head.number}:${end.head.digest}` : null;
}

const licenses = (license: string | null, stages: readonly AuditedStage[]): string =>
  [
    '# Licences',
    '',
    `Weights and data of this folder: ${license ?? 'nobody has stated a licence; ask whoever gave you this folder'}.`,
    '',
    'What went in from outside, by digest; its licences are those of its sources:',
    '',
    ...stages.flatMap(({ id, kind, manifest }) => {
      const { parameters } = manifest.statement.predicate.buildDefinition.externalParameters;
      const digests = [...JSON.stringify(parameters).matchAll(/"sha256":"([0-9a-f]{64})"/g)].map(
        ([, one]) => one,
      );
      return digests.length > 0 || kind.startsWith('import')
        ? [
            `- stage \`${id}\`: ${digests.length > 0 ? digests.map((one) => `\`sha256:${one}\``).join(', ') : 'a source named in its manifest'}`,
          ]
        : [];
    }),
    '',
  ].join('\n');

async function resultsTable(bucket: Bucket, campaign: AuditedCampaign): Promise<Results> {
  const digest = resultsOf(campaign);
  if (digest === undefined) throw missing(campaign, 'no result table: it has not finished');
  return readJsonBlob(bucket, digest, Results);
}

const missing = ({ id }: AuditedCampaign, what: string): StorageError =>
  new StorageError('ARTIFACT_MISSING', `Campaign "${id}" has ${what}.`);
