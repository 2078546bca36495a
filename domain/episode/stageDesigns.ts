import type { Player } from '../../schemas/episode';
import type { ParametersOf, StagePlayer } from '../../schemas/plan';
import type { DesignParameters } from './design';

/** The digest of the policy that a stage is given under a role. */
type PolicyOf = (input: string) => string;

export function collectionDesign(
  parameters: ParametersOf<'collectEpisodes'>,
  policyOf: PolicyOf,
): DesignParameters {
  const [first, second] = parameters.players;
  const players = [toPlayer(first, policyOf), toPlayer(second, policyOf)] as const;
  return { ...common(parameters), mode: 'together', players };
}

export function evaluationDesign(
  parameters: ParametersOf<'evaluatePolicy'>,
  policyOf: PolicyOf,
): DesignParameters {
  const contestant = toPlayer(parameters.contestant, policyOf);
  return { ...common(parameters), mode: 'both-positions', contestant, partner: partnerOf(parameters) };
}

/** @param digest of the candidate */
export function checkpointDesign(
  parameters: ParametersOf<'chooseCheckpoint'>,
  digest: string,
): DesignParameters {
  const { template, sampling } = parameters;
  const contestant: Player = { kind: 'policy', digest, template, sampling };
  return { ...common(parameters), mode: 'both-positions', contestant, partner: partnerOf(parameters) };
}

type Playing = Pick<
  ParametersOf<'collectEpisodes'>,
  'split' | 'pairsPerTask' | 'rules' | 'judge' | 'seed' | 'unratedShare'
>;

const common = ({ split, pairsPerTask, rules, judge, seed, unratedShare }: Playing) => ({
  split,
  pairsPerTask,
  rules,
  judge,
  seed,
  unratedShare,
});

const partnerOf = ({ partner }: Pick<ParametersOf<'evaluatePolicy'>, 'partner'>): Player => ({
  kind: 'model',
  ...partner,
});

function toPlayer(player: StagePlayer, policyOf: PolicyOf): Player {
  if (player.kind === 'model') return player;
  const { input, ...settings } = player;
  return { ...settings, digest: policyOf(input) };
}
