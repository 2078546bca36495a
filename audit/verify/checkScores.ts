import { blobKey } from '../../artifacts/artifactStore';
import type { Bucket } from '../../artifacts/bucket';
import { canonicalJson, digestOfJson, sha256 } from '../../artifacts/canonicalJson';
import { inParallel } from '../../domain/inParallel';
import { compareEvaluations, summariseEvaluation } from '../../domain/statistics';
import { evaluationRows } from '../../domain/statistics/evaluationRows';
import { CollectedEpisode, Episode } from '../../schemas/episode';
import { Evaluation } from '../../schemas/evaluation';
import { STAGE_PARAMETERS } from '../../schemas/plan';
import { Rating } from '../../schemas/rating';
import { readJsonBlob, readJsonLinesBlob } from '../readBlob';
import { inputOf, kindOf, outputOf } from '../readManifest';
import type { Findings } from './findings';
import type { LoadedCampaign } from './loadCampaign';
import { whereReadable } from './whereReadable';

const READS_AT_ONCE = 16;

/** Each row of an index says what its episode and its rating say. */
export async function checkIndexes(
  bucket: Bucket,
  { stages }: LoadedCampaign,
  findings: Findings,
): Promise<void> {
  const indexes = new Set(
    stages.flatMap(({ manifest }) => (manifest ? (outputOf(manifest.statement, 'episodes') ?? []) : [])),
  );
  for (const index of indexes) {
    await whereReadable(async () => {
      const rows = await readJsonLinesBlob(bucket, index, CollectedEpisode);
      const ids = new Set(rows.map(({ id }) => id));
      if (ids.size < rows.length) findings.fail(blobKey(index), 'It has an episode more than once.');
      findings.looked(rows.length);
      await inParallel(rows, READS_AT_ONCE, (row) =>
        whereReadable(() => checkRow(bucket, index, row, findings)),
      );
    });
  }
}

async function checkRow(
  bucket: Bucket,
  index: string,
  row: CollectedEpisode,
  findings: Findings,
): Promise<void> {
  const episode = await readJsonBlob(bucket, row.episode, Episode);
  const rating = await readJsonBlob(bucket, row.rating, Rating);
  const scores = rating.kind === 'rated' ? rating.scores : null;
  const wrong = (what: string) =>
    findings.fail(blobKey(index), `Row ${row.number} (episode ${row.id}) ${what}.`);
  if (episode.id !== row.id || episode.task !== row.task)
    wrong(`names blob ${row.episode}, which is of another episode`);
  if (episode.turns.length !== row.turns || episode.ending !== row.ending)
    wrong('tells another course than its episode');
  if (rating.episode !== row.id) wrong(`names rating ${row.rating}, which is of episode ${rating.episode}`);
  if (canonicalJson(scores) !== canonicalJson(row.scores))
    wrong(`has other scores than its rating ${row.rating}`);
}

/** Computing the statistics again gives the same bytes. */
export async function checkStatistics(
  bucket: Bucket,
  { stages }: LoadedCampaign,
  findings: Findings,
): Promise<void> {
  for (const { id, manifest } of stages) {
    if (!manifest) continue;
    const { statement } = manifest;
    const { parameters } = statement.predicate.buildDefinition.externalParameters;
    await whereReadable(async () => {
      if (kindOf(statement) === 'evaluatePolicy') {
        const { name } = STAGE_PARAMETERS.evaluatePolicy.parse(parameters);
        const rows = await readJsonLinesBlob(bucket, outputOf(statement, 'episodes') ?? '', CollectedEpisode);
        const computed = digestOfJson(summariseEvaluation(name, evaluationRows(rows)));
        compare(outputOf(statement, 'evaluation'), computed, `The evaluation of stage ${id}`, findings);
      }
      if (kindOf(statement) === 'compareEvaluations') {
        const settings = STAGE_PARAMETERS.compareEvaluations.parse(parameters);
        const evaluations = await Promise.all(
          [...settings.policies, ...settings.references].map((name) =>
            readJsonBlob(bucket, inputOf(statement, name) ?? '', Evaluation),
          ),
        );
        const computed = sha256(canonicalJson(compareEvaluations({ evaluations, ...settings })));
        compare(outputOf(statement, 'results'), computed, 'The result table', findings);
      }
    });
  }
}

function compare(stored: string | undefined, computed: string, what: string, findings: Findings): void {
  findings.looked();
  if (stored !== computed)
    findings.fail(
      blobKey(stored ?? ''),
      `${what} is not what its episodes give: that has digest ${computed}.`,
    );
}
