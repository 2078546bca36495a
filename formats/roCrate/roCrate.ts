import type { AuditedCampaign, AuditedStage } from '../../audit/readCampaign';
import type { Descriptor } from '../../schemas/attestation';
import type { FolderFile } from '../folder';

export const METADATA_FILE = 'ro-crate-metadata.json';
const CRATE = 'https://w3id.org/ro/crate/1.2';

/**
 * Metadata of a crate that holds a campaign's part of the bucket (RO-Crate 1.2, researchobject.org/ro-crate): each stage
 * is an action with what it read, wrote, and by which code. Blobs that no stage names by a role are in the folder, and
 * not listed one by one.
 */
export function roCrate(campaign: AuditedCampaign, files: readonly FolderFile[]): object {
  const stages = campaign.stages.map((stage) => action(stage));
  const artifacts = new Map(
    campaign.stages
      .flatMap(({ manifest }) => artifactsOf(manifest.statement))
      .map((file) => [file['@id'], file]),
  );
  const named = files.flatMap(({ path }) => (path.startsWith('blobs/') ? [] : [{ '@id': path }]));
  const manifests = campaign.stages.map(({ id, manifest }) => ({
    '@id': blob(manifest.digest),
    '@type': 'File',
    name: `Signed manifest of stage ${id}`,
    encodingFormat: 'application/vnd.dsse.envelope.v1+json',
    sha256: manifest.digest,
  }));
  return {
    '@context': [`${CRATE}/context`, { sha256: 'https://schema.org/sha256' }],
    '@graph': [
      {
        '@id': METADATA_FILE,
        '@type': 'CreativeWork',
        about: { '@id': './' },
        conformsTo: { '@id': CRATE },
      },
      {
        '@id': './',
        '@type': 'Dataset',
        name: `Campaign ${campaign.id}`,
        description:
          'A training campaign of social agents after Sotopia-π: all artifacts by their digests, the signed manifest of each stage, and the signed log. VERIFY.md says how to check it.',
        datePublished: endOf(campaign),
        license: 'No licence is stated for the whole; see what went in.',
        hasPart: [...named, ...manifests.map(reference), ...[...artifacts.values()].map(reference)],
        mentions: stages.map(reference),
      },
      ...named.map(({ '@id': id }) => ({ '@id': id, '@type': 'File', name: id })),
      ...manifests,
      ...artifacts.values(),
      ...stages,
      ...instruments(campaign),
    ],
  };
}

const reference = ({ '@id': id }: { '@id': string }) => ({ '@id': id });
const blob = (digest: string): string => `blobs/sha256/${digest}`;

function action({ id, kind, manifest }: AuditedStage) {
  const { subject, predicate } = manifest.statement;
  const { metadata, builder } = predicate.runDetails;
  return {
    '@id': `#stage/${id}`,
    '@type': 'CreateAction',
    name: `${id} (${kind})`,
    startTime: metadata.startedOn,
    endTime: metadata.finishedOn,
    instrument: { '@id': builder.id },
    object: predicate.buildDefinition.resolvedDependencies.filter(isInBucket).flatMap(idsOf),
    result: subject.flatMap(idsOf),
    subjectOf: { '@id': blob(manifest.digest) },
  };
}

const isInBucket = ({ name, uri }: Descriptor): boolean => uri !== undefined || name === 'plan';

const idsOf = ({ digest }: Descriptor) => ('sha256' in digest ? [{ '@id': blob(digest.sha256) }] : []);

function artifactsOf({ subject, predicate }: AuditedStage['manifest']['statement']) {
  const all = [...subject, ...predicate.buildDefinition.resolvedDependencies.filter(isInBucket)];
  return all.flatMap(({ name, digest, mediaType }) =>
    'sha256' in digest
      ? [
          {
            '@id': blob(digest.sha256),
            '@type': 'File',
            name,
            encodingFormat: mediaType ?? 'application/json',
            sha256: digest.sha256,
          },
        ]
      : [],
  );
}

function instruments({ stages }: AuditedCampaign) {
  const builders = new Map(
    stages.map(({ manifest }) => [manifest.statement.predicate.runDetails.builder.id, manifest]),
  );
  return [...builders].map(([id, { statement }]) => ({
    '@id': id,
    '@type': 'SoftwareApplication',
    name: 'π-loop worker',
    url: id,
    version: statement.predicate.runDetails.builder.version['pi-loop'] ?? 'unknown',
  }));
}

/** When the campaign ended, or its newest stage did. */
const endOf = ({ log, stages }: AuditedCampaign): string =>
  log.at(-1)?.entry.at ??
  stages
    .map(({ manifest }) => manifest.statement.predicate.runDetails.metadata.finishedOn)
    .sort()
    .at(-1) ??
  '';
