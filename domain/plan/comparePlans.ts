import canonicalize from 'canonicalize';
import type { Plan, PlanChange, Stage } from '../../schemas/plan';
import { isMapping, type Path, pathText } from '../campaign/specIssue';
import { decidingParameters, withoutAddresses } from './stageKey';

export interface PlanComparison {
  /** All that differs, limits and gates included, in the order of the plans. */
  changes: PlanChange[];
  /**
   * Stages of `before` whose definition is another in `after`, or that are no more. A stage that only follows such a
   * one has the same definition, and yet another result.
   */
  redefined: string[];
}

/** What a person would want to know before following `after` in place of `before`. */
export function comparePlans(before: Plan, after: Plan): PlanComparison {
  const [old, now] = [stagesOf(before), stagesOf(after)];
  const ids = [...new Set([...old.keys(), ...now.keys()])];
  return {
    changes: [
      ...differences('', settingsOf(before), settingsOf(after)),
      ...ids.flatMap((id) => compareStages(id, old.get(id), now.get(id))),
    ],
    redefined: before.stages.filter((stage) => isRedefined(stage, now.get(stage.id))).map(({ id }) => id),
  };
}

/** Stages of `before` that may have questions with a provider's batches which nobody will ask any more. */
export function abandonedStages(before: Plan, after: Plan, { redefined }: PlanComparison): string[] {
  const batched = Object.keys(before.batching ?? {}) as (keyof NonNullable<Plan['batching']>)[];
  if (batched.length === 0) return [];
  const isGivenUp = batched.some((role) => !after.batching?.[role]);
  return isGivenUp ? before.stages.map(({ id }) => id) : redefined;
}

/** Canonical JSON of all that decides a stage's result; whoever changes it asks for another result. */
export const definitionOf = ({ kind, parameters, inputs }: Stage): string =>
  json({ kind, parameters: decidingParameters(parameters), inputs });

const stagesOf = ({ stages }: Plan): Map<string, Stage> => new Map(stages.map((stage) => [stage.id, stage]));

/** What holds for all stages. */
const settingsOf = ({ campaign: _campaign, stages: _stages, ...settings }: Plan) => settings;

const isRedefined = (before: Stage, after: Stage | undefined): boolean =>
  after === undefined || definitionOf(after) !== definitionOf(before);

function compareStages(id: string, before: Stage | undefined, after: Stage | undefined): PlanChange[] {
  if (before && after) return differences(id, chosenOf(before), chosenOf(after));
  return differences(id, before ? { kind: before.kind } : {}, after ? { kind: after.kind } : {});
}

/** What people choose of a stage: its queue and its estimate follow from that. */
const chosenOf = ({ kind, parameters, inputs, gate }: Stage) => ({
  kind,
  parameters: withoutAddresses(parameters),
  inputs,
  gate,
});

function differences(stage: string, before: unknown, after: unknown, path: Path = []): PlanChange[] {
  const [old, now] = [membersOf(before), membersOf(after)];
  if (old && now && Array.isArray(before) === Array.isArray(after)) {
    return [...new Map([...old, ...now]).keys()].flatMap((member) =>
      differences(stage, old.get(member), now.get(member), [...path, member]),
    );
  }
  const [from, to] = [jsonOrNull(before), jsonOrNull(after)];
  return from === to ? [] : [{ stage, path: pathText(path), from, to }];
}

function membersOf(value: unknown): Map<string | number, unknown> | null {
  if (Array.isArray(value)) return new Map(value.entries());
  return isMapping(value) ? new Map(Object.entries(value)) : null;
}

const jsonOrNull = (value: unknown): string | null => (value === undefined ? null : json(value));

/** By RFC 8785: the order of members says nothing. */
const json = (value: unknown): string => canonicalize(value) ?? 'null';
