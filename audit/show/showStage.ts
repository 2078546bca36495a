import { describeUsage } from '../../domain/plan/describeUsage';
import type { Descriptor, StageStatement } from '../../schemas/attestation';
import type { StageCost } from '../../schemas/plan';
import { short } from '../find/subject';
import type { AuditedStage } from '../readCampaign';
import { numbers, type Shown } from './page';

/** A stage by its manifest: what it was told, read and wrote, who ran it and what it cost. */
export function showStage(stage: AuditedStage): Shown {
  const { id, kind, key, reused, result, manifest } = stage;
  const { statement, envelope } = manifest;
  const { buildDefinition, runDetails } = statement.predicate;
  const { campaign, parameters } = buildDefinition.externalParameters;
  const { models, log } = buildDefinition.internalParameters;
  const { startedOn, finishedOn, invocationId } = runDetails.metadata;
  return {
    page: {
      title: `stage ${id} (${kind})`,
      facts: [
        ['key', key],
        ['made by', `campaign ${campaign}${reused ? ', reused by this one' : ''}`],
        ['from, to', `${startedOn}, ${finishedOn} (${result.seconds} s of work)`],
        ['ran as', invocationId],
        ['by', versions(runDetails.builder)],
        ['counts', numbers(result.counts) || 'none'],
        ['cost', costOf(result.cost)],
        ['models', models.map(({ model, snapshot }) => nameAnswering(model, snapshot)).join(', ') || 'none'],
        [
          'manifest',
          `${manifest.digest}, ${envelope ? `signed by ${envelope.signatures.map(({ keyid }) => short(keyid)).join(', ')}` : 'not signed: of a release before 0.3.0'}`,
        ],
        ['log then', log ? `${log.number}:${log.digest}` : 'not kept'],
      ],
      sections: [
        { title: 'told', lines: valuesOf(parameters) },
        { title: 'read', lines: buildDefinition.resolvedDependencies.map(lineOf) },
        { title: 'wrote', lines: statement.subject.map(lineOf) },
      ],
    },
    document: { kind: 'stage', id, stage: kind, key, reused, result, manifest: manifest.digest, statement },
  };
}

const versions = ({ id, version }: StageStatement['predicate']['runDetails']['builder']): string =>
  `${id}${version['trainer'] ? `, trainer ${short(version['trainer'])}` : ''}`;

const nameAnswering = (model: string, snapshot: string): string =>
  model === snapshot ? model : `${model} (answered as ${snapshot})`;

export const costOf = ({ calls, gpuSeconds, ...usage }: StageCost): string =>
  `${calls} calls, ${describeUsage(usage)}${gpuSeconds > 0 ? `, ${gpuSeconds} s of training` : ''}`;

const lineOf = ({ name, digest, mediaType }: Descriptor): string =>
  `${name}: ${'sha256' in digest ? digest.sha256 : `commit ${digest.gitCommit}`}${mediaType === undefined ? '' : ` (${mediaType})`}`;

/** Settings a line each, by their paths. */
export function valuesOf(value: unknown, path = ''): string[] {
  if (value !== null && typeof value === 'object') {
    const members = Object.entries(value);
    return members.length === 0
      ? [`${path}: none`]
      : members.flatMap(([name, one]) => valuesOf(one, path === '' ? name : `${path}.${name}`));
  }
  return [`${path}: ${typeof value === 'string' ? value : JSON.stringify(value)}`];
}
