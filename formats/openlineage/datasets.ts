import { canonicalJson } from '../../artifacts/canonicalJson';
import type { Descriptor, StageStatement } from '../../schemas/attestation';
import type { StageResult } from '../../schemas/plan';
import { ratingFacet, statisticsFacet, versionFacet } from './facets';

/** By OpenLineage's naming of S3: the bucket is the namespace, the key the name. An artifact is the same wherever it is named. */
function datasetOf(uri: string, digest: string) {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
  return {
    namespace: bucket === undefined ? 'pi-loop' : `s3://${bucket}`,
    name: key ?? uri,
    facets: { version: versionFacet(digest) },
  };
}

/** What a stage read that lies in the store; each once. */
export function inputsOf({ predicate }: StageStatement) {
  const read = predicate.buildDefinition.resolvedDependencies.flatMap(({ uri, digest }: Descriptor) =>
    uri !== undefined && 'sha256' in digest ? [datasetOf(uri, digest.sha256)] : [],
  );
  return [...new Map(read.map((dataset) => [canonicalJson(dataset), dataset])).values()];
}

export function outputsOf({ outputs, counts }: StageResult) {
  return Object.entries(outputs).map(([role, { uri, digest, bytes }]) => ({
    ...datasetOf(uri, digest.sha256),
    outputFacets: {
      outputStatistics: statisticsFacet(bytes),
      ...(role === 'episodes' && {
        sotopia_rating: ratingFacet({ episodes: counts['episodes'] ?? 0, unrated: counts['unrated'] ?? 0 }),
      }),
    },
  }));
}
