import type { CampaignSpec } from '../../schemas/campaign';
import { BASE } from './lineage';

export const CORPUS = 'corpus';
export const TASKS = 'tasks';
export const RESULTS = 'results';

export const stagesOfRound = (round: string) => ({
  collect: `${round}/collect`,
  filter: `${round}/filter`,
  train: `${round}/train`,
  /** Where the checkpoint is chosen on dev tasks. */
  choose: `${round}/choose`,
});

export const evaluationOf = (policy: string): string => `evaluate/${policy}`;

/** The round whose data and policy a stage makes; null for what is not of one round, evaluations among it. */
export function roundOf(stage: string): string | null {
  const [round = '', step = ''] = stage.split('/');
  return round !== '' && step in stagesOfRound(round) ? round : null;
}

export const evaluatedPolicies = ({ evaluation, rounds }: CampaignSpec): string[] =>
  evaluation.policies ?? [BASE, ...rounds.map((round) => round.name)];

/** Ids of all stages of a campaign's plan in its order; known before its files are read. */
export function stageIdsOf(spec: CampaignSpec): string[] {
  const { policy, rounds, evaluation } = spec;
  return [
    ...('pretrain' in policy.base ? [CORPUS] : []),
    BASE,
    TASKS,
    ...rounds.flatMap(({ name, checkpoint }) => {
      const { choose, ...always } = stagesOfRound(name);
      return [...Object.values(always), ...(checkpoint.choose === 'last' ? [] : [choose])];
    }),
    ...[...evaluatedPolicies(spec), ...evaluation.references].map(evaluationOf),
    RESULTS,
  ];
}
