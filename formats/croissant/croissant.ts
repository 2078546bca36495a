/** A dataset of one JSONL file, as a Croissant description needs it. */
export interface DescribedDataset {
  name: string;
  description: string;
  /** SPDX id or address; null when nobody has stated one. */
  license: string | null;
  /** ISO 8601 date. */
  datePublished: string;
  version: string;
  file: { path: string; bytes: number; sha256: string };
  fields: {
    name: string;
    description: string;
    type: 'sc:Text' | 'sc:Integer';
    /** Member of a row; of each of its items where `item` names a member of theirs. */
    column: string;
    item?: string;
  }[];
  /** Digests of the artifacts that it was made from. */
  derivedFrom: string[];
  /** Digest of the manifest that says how. */
  generatedBy: string;
  annotation: { protocol: string; tools: string[]; perItem: string };
}

/** The standard context of Croissant 1.1 (docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html). */
const CONTEXT = {
  '@language': 'en',
  '@vocab': 'https://schema.org/',
  arrayShape: 'cr:arrayShape',
  citeAs: 'cr:citeAs',
  column: 'cr:column',
  conformsTo: 'dct:conformsTo',
  containedIn: 'cr:containedIn',
  cr: 'http://mlcommons.org/croissant/',
  rai: 'http://mlcommons.org/croissant/RAI/',
  data: { '@id': 'cr:data', '@type': '@json' },
  dataType: { '@id': 'cr:dataType', '@type': '@vocab' },
  dct: 'http://purl.org/dc/terms/',
  description: { '@container': '@language' },
  equivalentProperty: 'cr:equivalentProperty',
  examples: { '@id': 'cr:examples', '@type': '@json' },
  extract: 'cr:extract',
  field: 'cr:field',
  fileProperty: 'cr:fileProperty',
  fileObject: 'cr:fileObject',
  fileSet: 'cr:fileSet',
  format: 'cr:format',
  includes: 'cr:includes',
  isArray: 'cr:isArray',
  isLiveDataset: 'cr:isLiveDataset',
  jsonPath: 'cr:jsonPath',
  key: 'cr:key',
  md5: 'cr:md5',
  name: { '@container': '@language' },
  parentField: 'cr:parentField',
  path: 'cr:path',
  prov: 'http://www.w3.org/ns/prov#',
  recordSet: 'cr:recordSet',
  references: 'cr:references',
  regex: 'cr:regex',
  repeated: 'cr:repeated',
  replace: 'cr:replace',
  samplingRate: 'cr:samplingRate',
  sc: 'https://schema.org/',
  separator: 'cr:separator',
  source: 'cr:source',
  subField: 'cr:subField',
  transform: 'cr:transform',
};

/** Croissant 1.1 metadata, with where the data came from (PROV-O) and how it was annotated (RAI). */
export function croissant(dataset: DescribedDataset): object {
  const { annotation, file } = dataset;
  return {
    '@context': CONTEXT,
    '@type': 'sc:Dataset',
    conformsTo: 'http://mlcommons.org/croissant/1.1',
    name: dataset.name,
    description: dataset.description,
    ...(dataset.license && { license: dataset.license }),
    datePublished: dataset.datePublished,
    version: dataset.version,
    citeAs: `Campaign artifact urn:sha256:${file.sha256}, made by π-loop after Wang et al. (2024), SOTOPIA-π, arXiv 2403.08715`,
    url: `urn:sha256:${file.sha256}`,
    'prov:wasDerivedFrom': dataset.derivedFrom.map((digest) => ({ '@id': `urn:sha256:${digest}` })),
    'prov:wasGeneratedBy': { '@id': `urn:sha256:${dataset.generatedBy}` },
    'rai:dataAnnotationProtocol': annotation.protocol,
    'rai:machineAnnotationTools': annotation.tools,
    'rai:annotationsPerItem': annotation.perItem,
    'rai:personalSensitiveInformation':
      'Agents and what they say are made up by models and programs. The text was screened for secrets and personal data by their well-known forms.',
    'rai:dataBiases':
      'Dialogues carry the habits of the models that played and of the model that judged; the filter prefers what that judge scores high.',
    distribution: [
      {
        '@type': 'cr:FileObject',
        '@id': file.path,
        name: file.path,
        contentUrl: file.path,
        contentSize: `${file.bytes} B`,
        encodingFormat: 'application/jsonlines',
        sha256: file.sha256,
      },
    ],
    recordSet: [
      {
        '@type': 'cr:RecordSet',
        '@id': 'rows',
        name: 'rows',
        field: dataset.fields.map(({ name, description, type, column, item }) => ({
          '@type': 'cr:Field',
          '@id': `rows/${name}`,
          name,
          description,
          dataType: type,
          ...(item !== undefined && { isArray: true, arrayShape: '-1' }),
          source: {
            fileObject: { '@id': file.path },
            extract: { column },
            ...(item !== undefined && { transform: { jsonPath: item } }),
          },
        })),
      },
    ],
  };
}
