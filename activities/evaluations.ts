import { compareEvaluations, summariseEvaluation } from '../domain/statistics';
import { bestOf, meanGoal } from '../domain/statistics/chooseCheckpoint';
import { evaluationRows } from '../domain/statistics/evaluationRows';
import type { ArtifactRef } from '../schemas/artifact';
import { CollectedEpisode } from '../schemas/episode';
import { Evaluation } from '../schemas/evaluation';
import { MEDIA_TYPES } from '../schemas/names';
import type { ArtifactStore } from '../artifacts/artifactStore';
import { candidatesOf } from './support/candidates';
import { failure } from './support/failures';
import { FREE, inputOf, type Plans, type StageOutcome, type StageWork } from './support/stageWork';

export function createEvaluationActivities({ store, plans }: { store: ArtifactStore; plans: Plans }) {
  return {
    /** Means of one contestant's scores per task, from the index of its episodes. Errors: TOO_MANY_UNRATED. */
    async summariseEvaluation({
      episodes,
      ...work
    }: StageWork & { episodes: ArtifactRef }): Promise<StageOutcome> {
      const { name } = await plans.parameters('evaluatePolicy', work);
      const evaluation = await summarise(name, episodes);
      return {
        outputs: {
          episodes,
          evaluation: await store.putJson(evaluation, 'evaluation.json', MEDIA_TYPES.evaluation),
        },
        counts: { episodes: evaluation.episodes, unrated: evaluation.unrated },
        cost: FREE,
      };
    },

    /**
     * The checkpoint with the best goal on the dev tasks; an earlier one is preferred unless a later one beats it by
     * the minimum gain. The policy that the round started from, where it is a candidate, is the earliest of all: a round
     * that does not improve on it does not replace it. Errors: TOO_MANY_UNRATED.
     */
    async chooseCheckpoint({
      collections,
      ...work
    }: StageWork & { collections: ArtifactRef[] }): Promise<StageOutcome> {
      const { minimumGain } = await plans.parameters('chooseCheckpoint', work);
      const candidates = await candidatesOf(store, work);
      const scored = await Promise.all(
        candidates.map(async ({ step, policy }, index) => {
          const episodes = collections[index];
          if (!episodes) throw failure('ARTIFACT_MISSING', `Checkpoint ${step} was not played.`);
          const summary = await summarise(`step-${step}`, episodes);
          return { step, policy, episodes, goal: meanGoal(summary), unrated: summary.unrated };
        }),
      );
      const chosen = bestOf(scored, minimumGain);
      if (!chosen)
        throw failure('ARTIFACT_MISSING', `Stage "${work.stage}" has no checkpoint to choose from.`);
      const scores = scored.map(({ step, policy, goal, unrated }) => ({
        step,
        policy: policy.digest.sha256,
        goal,
        unrated,
      }));
      return {
        outputs: {
          policy: store.locate(chosen.policy),
          scores: await store.putJson(scores, 'checkpoint-scores.json', MEDIA_TYPES.checkpointScores),
        },
        counts: { step: chosen.step, goal: chosen.goal, checkpoints: scored.length },
        cost: FREE,
      };
    },

    /** The result table: intervals, paired differences, and the same on the hard tasks. */
    async compareEvaluations(work: StageWork): Promise<StageOutcome> {
      const { policies, references, pairs, hardShare, seed, bootstrapSamples, simulated } =
        await plans.parameters('compareEvaluations', work);
      const evaluations = await Promise.all(
        [...policies, ...references].map((name) =>
          store.getJson(inputOf(work, name).digest.sha256, Evaluation),
        ),
      );
      const results = compareEvaluations({
        evaluations,
        policies,
        references,
        pairs,
        hardShare,
        seed,
        bootstrapSamples,
        simulated,
      });
      return {
        outputs: { results: await store.putJson(results, 'results.json', MEDIA_TYPES.results) },
        counts: {},
        cost: FREE,
      };
    },
  };

  async function summarise(name: string, index: ArtifactRef): Promise<Evaluation> {
    const rows = evaluationRows(await store.getJsonLines(index.digest.sha256, CollectedEpisode));
    if (rows.every(({ rated }) => rated === null)) {
      throw failure(
        'TOO_MANY_UNRATED',
        `None of the ${rows.length} episodes of ${name} is rated: there is no score to report. Look at the judge's answers in the ratings, correct the judge in the campaign file, and \`pi-loop amend\` the campaign: conversations that were played are kept.`,
      );
    }
    return summariseEvaluation(name, rows);
  }
}
