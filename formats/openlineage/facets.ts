/** Facets of OpenLineage, at the versions that openlineage-python 1.54 knows (openlineage.io/spec/facets). */

export const PRODUCER = 'https://pi-loop.dev';
const SPEC = 'https://openlineage.io/spec/facets';

const facet = (version: string, name: string, fields: object) => ({
  _producer: PRODUCER,
  _schemaURL: `${SPEC}/${version}/${name}.json#/$defs/${name}`,
  ...fields,
});

export interface RunName {
  runId: string;
  namespace: string;
  name: string;
}

export const parentFacet = ({ runId, namespace, name }: RunName) =>
  facet('1-2-0', 'ParentRunFacet', {
    run: { runId },
    job: { namespace, name },
    root: { run: { runId }, job: { namespace, name } },
  });

export const jobTypeFacet = (jobType: string) =>
  facet('2-0-4', 'JobTypeJobFacet', { processingType: 'BATCH', integration: 'PI_LOOP', jobType });

export const parametersFacet = (parameters: Readonly<Record<string, string>>) =>
  facet('1-0-0', 'ExecutionParametersRunFacet', {
    parameters: Object.entries(parameters).map(([key, value]) => ({ key, value })),
  });

export const engineFacet = (version: string) =>
  facet('1-1-1', 'ProcessingEngineRunFacet', { name: 'pi-loop', version });

export const errorFacet = (message: string) =>
  facet('1-0-1', 'ErrorMessageRunFacet', { message, programmingLanguage: 'TypeScript' });

export const tagsFacet = (tags: Readonly<Record<string, string>>) =>
  facet('1-0-0', 'TagsRunFacet', {
    tags: Object.entries(tags).map(([key, value]) => ({ key, value, source: 'INTEGRATION' })),
  });

export const versionFacet = (datasetVersion: string) =>
  facet('1-0-1', 'DatasetVersionDatasetFacet', { datasetVersion });

export const statisticsFacet = (size: number) =>
  facet('1-0-2', 'OutputStatisticsOutputDatasetFacet', { size, fileCount: 1 });

/** Ours: how many episodes a stage rated, and how many it could not. */
export const ratingFacet = (counts: { episodes: number; unrated: number }) => ({
  _producer: PRODUCER,
  _schemaURL: 'https://pi-loop.dev/openlineage/1-0-0/SotopiaRatingOutputDatasetFacet.json',
  ...counts,
});
