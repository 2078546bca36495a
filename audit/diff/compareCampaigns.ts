import { comparePlans } from '../../domain/plan/comparePlans';
import type { AnsweringModel } from '../../schemas/modelCall';
import { type Comparison, type Interval, Results } from '../../schemas/evaluation';
import type { PlanChange } from '../../schemas/plan';
import { resultsOf } from '../upstream';
import { compareData, type RoundDifference } from './compareData';
import type { Side } from './side';

export interface ScoreDifference {
  policy: string;
  metric: string;
  a: Interval | null;
  b: Interval | null;
  /** Paired by task, where both are of one result table that tested it: b − a. */
  tested: Pick<Comparison, 'difference' | 'low' | 'high' | 'p'> | null;
}

export interface Difference {
  a: string;
  b: string;
  settings: PlanChange[];
  /** Stages of both plans: whether they gave the same outputs. */
  stages: { same: string[]; different: string[]; unfinished: string[] };
  rounds: RoundDifference[];
  models: { onlyA: AnsweringModel[]; onlyB: AnsweringModel[]; both: AnsweringModel[] };
  scores: ScoreDifference[];
}

/** What differs between two campaigns or two rounds, from what was asked to what was scored. */
export async function compareSides(a: Side, b: Side): Promise<Difference> {
  const rounds = a.rounds.filter((round) => b.rounds.includes(round));
  const differences: RoundDifference[] = [];
  for (const round of rounds) differences.push(await compareData(a, b, round));
  return {
    a: a.name,
    b: b.name,
    settings: comparePlans(a.plan, b.plan).changes,
    stages: compareStages(a, b),
    rounds: differences,
    models: compareModels(a, b),
    scores: await compareScores(a, b),
  };
}

function compareStages(a: Side, b: Side): Difference['stages'] {
  const ids = a.plan.stages
    .map(({ id }) => id)
    .filter((id) => b.plan.stages.some((stage) => stage.id === id));
  const states = ids.map((id) => ({ id, before: outputsOf(a, id), after: outputsOf(b, id) }));
  const named = (test: (one: (typeof states)[number]) => boolean) => states.filter(test).map(({ id }) => id);
  return {
    same: named(({ before, after }) => before !== null && before === after),
    different: named(({ before, after }) => before !== null && after !== null && before !== after),
    unfinished: named(({ before, after }) => before === null || after === null),
  };
}

/** Digests of a stage's outputs by role as one text; null when it has not finished. */
function outputsOf({ stages }: Side, id: string): string | null {
  const stage = stages.get(id);
  if (!stage) return null;
  return Object.entries(stage.result.outputs)
    .map(([role, { digest }]) => `${role} ${digest.sha256}`)
    .sort()
    .join('\n');
}

function compareModels(a: Side, b: Side): Difference['models'] {
  const [before, after] = [modelsOf(a), modelsOf(b)];
  const pick = (from: typeof before, isThere: boolean, other: typeof before) =>
    [...from].flatMap(([name, model]) => (other.has(name) === isThere ? [model] : []));
  return {
    onlyA: pick(before, false, after),
    onlyB: pick(after, false, before),
    both: pick(before, true, after),
  };
}

const modelsOf = ({ stages }: Side): Map<string, AnsweringModel> =>
  new Map(
    [...stages.values()]
      .flatMap(({ manifest }) => manifest.statement.predicate.buildDefinition.internalParameters.models)
      .map((model) => [`${model.model}\n${model.snapshot}`, model]),
  );

const METRICS = ['goal', 'overall'];

async function compareScores(a: Side, b: Side): Promise<ScoreDifference[]> {
  const [before, after] = [await tableOf(a), await tableOf(b)];
  const names = [...new Set([...a.policies.keys(), ...b.policies.keys()])];
  return names.flatMap((name) =>
    METRICS.map((metric) => {
      const [nameA, nameB] = [a.policies.get(name), b.policies.get(name)];
      const tested =
        a.archive === b.archive
          ? before?.all.comparisons.find(
              (one) => one.metric === metric && sameTwo([one.better, one.worse], [nameA, nameB]),
            )
          : undefined;
      return {
        policy: nameA === nameB ? name : `${nameA ?? '(none)'} and ${nameB ?? '(none)'}`,
        metric,
        a: intervalOf(before, nameA, metric),
        b: intervalOf(after, nameB, metric),
        tested: tested ? towards(tested, nameB) : null,
      };
    }),
  );
}

async function tableOf({ archive }: Side): Promise<Results | null> {
  const digest = resultsOf(archive.campaign);
  return digest === undefined ? null : archive.json(digest, Results);
}

const intervalOf = (table: Results | null, policy: string | undefined, metric: string): Interval | null =>
  table?.all.policies.find((one) => one.policy === policy)?.metrics[metric] ?? null;

const sameTwo = (one: (string | undefined)[], other: (string | undefined)[]): boolean =>
  one.toSorted().join('\n') === other.toSorted().join('\n');

/** A comparison as `b − a`, whichever of the two it calls the better. */
function towards({ better, difference, low, high, p }: Comparison, b: string | undefined) {
  return better === b ? { difference, low, high, p } : { difference: -difference, low: -high, high: -low, p };
}
