import { type PolicyScores, Results } from '../../schemas/evaluation';
import { DECISION_REASONS } from '../../schemas/filter';
import { STAGE_PARAMETERS } from '../../schemas/plan';
import type { Archive } from '../index/archive';
import { member } from '../index/lines';
import type { AuditedStage } from '../readCampaign';
import { outputOf } from '../readManifest';
import { numbers, type Shown } from './page';
import { costOf } from './showStage';

/** A round: its stages, what its filter kept and why, and what its policy scored. */
export async function showRound(archive: Archive, name: string): Promise<Shown> {
  const { campaign } = archive;
  const ids = campaign.plan.plan.stages.map(({ id }) => id).filter((id) => isOf(id, name));
  const stages = campaign.stages.filter(({ id }) => ids.includes(id));
  const filter = stages.find(({ kind }) => kind === 'filterEpisodes');
  const decided = filter ? await reasonsOf(archive, filter) : {};
  const scores = await scoresOf(archive, name);
  const comparisons = scores.comparisons.map(
    ({ better, worse, metric, difference, low, high, p }) =>
      `${better} − ${worse}, ${metric}: ${difference.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}], p ${p.toFixed(3)}`,
  );
  return {
    page: {
      title: `round ${name} of campaign ${campaign.id}`,
      facts: [
        ['filter', filter ? filterOf(filter) : 'not run yet'],
        ...Object.entries(decided).map(([reason, sides]): [string, string] => [
          '',
          `${sides} sides ${reason}`,
        ]),
      ],
      sections: [
        {
          title: 'stages',
          lines: ids.map((id) =>
            lineOf(
              id,
              stages.find((stage) => stage.id === id),
            ),
          ),
        },
        {
          title: 'scores, with 95 % intervals',
          lines: scores.policy ? [...metricsOf(scores.policy), ...comparisons] : ['none yet'],
        },
      ],
    },
    document: {
      kind: 'round',
      name,
      campaign: campaign.id,
      stages: stages.map(({ id, kind, key, reused, result }) => ({ id, kind, key, reused, result })),
      decisions: decided,
      scores: scores.policy ?? null,
      comparisons: scores.comparisons,
    },
  };
}

const isOf = (id: string, round: string): boolean => id.startsWith(`${round}/`) || id === `evaluate/${round}`;

function lineOf(id: string, stage: AuditedStage | undefined): string {
  if (!stage) return `${id}: not finished`;
  const { result, reused } = stage;
  return `${id}: ${numbers(result.counts)} · ${costOf(result.cost)} · ${result.seconds} s${reused ? ', reused' : ''}`;
}

function filterOf({ manifest }: AuditedStage): string {
  const { parameters } = manifest.statement.predicate.buildDefinition.externalParameters;
  const { filter, template } = STAGE_PARAMETERS.filterEpisodes.parse(parameters);
  const { policy, ...settings } = filter;
  return `${policy}${Object.keys(settings).length > 0 ? ` ${JSON.stringify(settings)}` : ''}, rows by ${template}`;
}

/** Sides by what was decided, such as `kept: top-of-task`. */
export async function reasonsOf(archive: Archive, filter: AuditedStage): Promise<Record<string, number>> {
  const lines = await archive.lines(outputOf(filter.manifest.statement, 'decisions') ?? '');
  const counted = DECISION_REASONS.map(
    (reason) => [reason, lines.occurrences(member('reason', reason))] as const,
  );
  return Object.fromEntries(counted.filter(([, sides]) => sides > 0));
}

/** A policy's scores in the campaign's results, and the differences it is part of. */
export async function scoresOf(archive: Archive, name: string) {
  const stage = archive.campaign.stages.find(({ kind }) => kind === 'compareEvaluations');
  const digest = stage && outputOf(stage.manifest.statement, 'results');
  if (digest === undefined) return { policy: undefined, comparisons: [] };
  const { all } = await archive.json(digest, Results);
  return {
    policy: all.policies.find(({ policy }) => policy === name),
    comparisons: all.comparisons.filter(({ better, worse }) => better === name || worse === name),
  };
}

export const metricsOf = ({ metrics, tasks, episodes, unrated }: PolicyScores): string[] => [
  ...Object.entries(metrics).map(
    ([metric, { mean, low, high }]) =>
      `${metric}: ${mean.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`,
  ),
  `over ${tasks} tasks, ${episodes} episodes, ${unrated} unrated`,
];
