import type { ArtifactStore } from '../artifacts/artifactStore';
import { Results } from '../schemas/evaluation';
import type { CampaignResult } from '../workflows/messages';
import { criticalPath } from './criticalPath';

/** The documented form of `--json`: one document a campaign. */
export interface CampaignReport {
  campaign: string;
  simulated: boolean;
  results: { policy: string; goal: { mean: number; low: number; high: number }; episodes: number }[];
  comparisons: { better: string; worse: string; difference: number; low: number; high: number; p: number }[];
  stages: { name: string; key: string; seconds: number; cached: boolean }[];
  artifacts: { name: string; digest: string }[];
  seconds: { setup: number; campaign: number; longestChain: number };
}

export const readResults = (store: ArtifactStore, result: CampaignResult): Promise<Results> =>
  store.getJson(result.results.digest.sha256, Results);

export function reportCampaign(
  result: CampaignResult,
  results: Results,
  seconds: { setup: number; campaign: number },
): CampaignReport {
  return {
    campaign: result.campaign,
    simulated: results.simulated,
    results: results.all.policies.map(({ policy, metrics, episodes }) => ({
      policy,
      goal: metrics['goal'] ?? { mean: 0, low: 0, high: 0 },
      episodes,
    })),
    comparisons: results.all.comparisons
      .filter(({ metric }) => metric === 'goal')
      .map(({ better, worse, difference, low, high, p }) => ({ better, worse, difference, low, high, p })),
    stages: result.stages.map(({ id, key, seconds: own, reused }) => ({
      name: id,
      key,
      seconds: own,
      cached: reused,
    })),
    artifacts: result.stages.flatMap(({ id, outputs }) =>
      Object.entries(outputs).map(([role, { digest }]) => ({ name: `${id}/${role}`, digest: digest.sha256 })),
    ),
    seconds: { ...seconds, longestChain: criticalPath(result.stages).seconds },
  };
}
