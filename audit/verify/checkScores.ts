import { blobKey } from '../../artifacts/blobKey';
import { digestOfJson } from '../../artifacts/canonicalJson';
import { compareEvaluations, summariseEvaluation } from '../../domain/statistics';
import { bestOf, meanGoal } from '../../domain/statistics/chooseCheckpoint';
import { evaluationRows } from '../../domain/statistics/evaluationRows';
import { CollectedEpisode } from '../../schemas/episode';
import { Evaluation } from '../../schemas/evaluation';
import { STAGE_PARAMETERS } from '../../schemas/plan';
import { inputOf, kindOf, type Manifest, outputOf } from '../readManifest';
import type { Collection } from './collections';
import type { Findings } from './findings';
import type { LoadedCampaign, LoadedStage } from './loadCampaign';
import type { VerifiedBlobs } from './verifiedBlobs';
import { whereReadable } from './whereReadable';

interface Computing {
  blobs: VerifiedBlobs;
  findings: Findings;
  /** Of all stages. */
  collections: readonly Collection[];
}

/** Computing the statistics again gives the same bytes: evaluations, choices of checkpoints, the result table. */
export async function checkStatistics({ stages }: LoadedCampaign, computing: Computing): Promise<void> {
  for (const stage of stages) {
    const { manifest, resultKey } = stage;
    if (!manifest) continue;
    await whereReadable(resultKey, computing.findings, async () => {
      const kind = kindOf(manifest.statement);
      if (kind === 'evaluatePolicy') await checkEvaluation(stage, manifest, computing);
      if (kind === 'chooseCheckpoint') checkChoice(stage, manifest, computing);
      if (kind === 'compareEvaluations') await checkTable(manifest, computing);
    });
  }
}

async function checkEvaluation(
  { id }: LoadedStage,
  { statement }: Manifest,
  { blobs, findings }: Computing,
): Promise<void> {
  const { name } = STAGE_PARAMETERS.evaluatePolicy.parse(parametersOf(statement));
  const rows = await blobs.jsonLines(outputOf(statement, 'episodes') ?? '', CollectedEpisode);
  const computed = digestOfJson(summariseEvaluation(name, evaluationRows(rows)));
  compare(outputOf(statement, 'evaluation'), computed, `The evaluation of stage ${id}`, findings);
}

function checkChoice(
  { id, key, resultKey }: LoadedStage,
  { statement }: Manifest,
  { findings, collections }: Computing,
): void {
  const { minimumGain } = STAGE_PARAMETERS.chooseCheckpoint.parse(parametersOf(statement));
  const scored = collections.flatMap(({ stage, candidate, rows }) => {
    if (stage.key !== key || !candidate) return [];
    const summary = summariseEvaluation(`step-${candidate.step}`, evaluationRows(rows));
    const policy = candidate.policy.digest.sha256;
    return [{ step: candidate.step, policy, goal: meanGoal(summary), unrated: summary.unrated }];
  });
  const chosen = bestOf(scored, minimumGain);
  // An export has no batches, and so nothing that a choice could be made from again.
  if (!chosen) return;
  compare(
    outputOf(statement, 'scores'),
    digestOfJson(scored),
    `The checkpoints' scores of stage ${id}`,
    findings,
  );
  if (chosen.policy !== outputOf(statement, 'policy'))
    findings.fail(resultKey, `Stage ${id} chose another policy than its scores give, ${chosen.policy}.`);
}

async function checkTable({ statement }: Manifest, { blobs, findings }: Computing): Promise<void> {
  const settings = STAGE_PARAMETERS.compareEvaluations.parse(parametersOf(statement));
  const evaluations = await Promise.all(
    [...settings.policies, ...settings.references].map((name) =>
      blobs.json(inputOf(statement, name) ?? '', Evaluation),
    ),
  );
  const computed = digestOfJson(compareEvaluations({ evaluations, ...settings }));
  compare(outputOf(statement, 'results'), computed, 'The result table', findings);
}

const parametersOf = ({ predicate }: Manifest['statement']): unknown =>
  predicate.buildDefinition.externalParameters.parameters;

function compare(stored: string | undefined, computed: string, what: string, findings: Findings): void {
  findings.looked();
  if (stored !== computed)
    findings.fail(
      blobKey(stored ?? ''),
      `${what} is not what its episodes give: that has digest ${computed}.`,
    );
}
