import type { StageKind } from '../../schemas/plan';

/**
 * Raise a kind's revision when its code changes what it makes: finished stages of the old revision are then not
 * reused. Training also carries the digest of the trainer's own sources and lock.
 */
export const STAGE_REVISIONS: Record<StageKind, number> = {
  importCorpus: 1,
  importPolicy: 1,
  prepareTasks: 1,
  trainPolicy: 2,
  collectEpisodes: 1,
  filterEpisodes: 1,
  chooseCheckpoint: 1,
  evaluatePolicy: 1,
  compareEvaluations: 1,
};

/** All that decides a stage's result; its digest is the stage key. */
export interface StageKeyMaterial {
  kind: StageKind;
  revision: number;
  parameters: unknown;
  inputs: Record<string, string>;
  trainer: string | null;
}

export function stageKeyMaterial(
  kind: StageKind,
  parameters: unknown,
  inputs: Record<string, string>,
  trainer: string,
): StageKeyMaterial {
  return {
    kind,
    revision: STAGE_REVISIONS[kind],
    parameters: decidingParameters(parameters),
    inputs,
    trainer: kind === 'trainPolicy' ? trainer : null,
  };
}

/** Parameters without the limits: they decide whether a stage goes on, not what it makes. */
export function decidingParameters(parameters: unknown): unknown {
  const deciding = withoutAddresses(parameters);
  if (deciding === null || typeof deciding !== 'object' || !('unratedShare' in deciding)) return deciding;
  const { unratedShare: _limit, ...rest } = deciding;
  return rest;
}

/** References to artifacts reduced to their digests, so that a copy in another bucket is the same. */
export function withoutAddresses(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutAddresses);
  if (value === null || typeof value !== 'object') return value;
  if ('uri' in value && 'digest' in value) return { digest: value.digest };
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withoutAddresses(member)]));
}
