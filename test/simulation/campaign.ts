import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { blobKey } from '../../artifacts/artifactStore';
import { canonicalJson, sha256 } from '../../artifacts/canonicalJson';
import { fileReferences, parseCampaign, pathText } from '../../domain/campaign';
import { type CampaignFiles, planCampaign } from '../../domain/plan/planCampaign';
import type { ArtifactRef } from '../../schemas/artifact';
import type { CampaignSpec } from '../../schemas/campaign';
import type { Plan } from '../../schemas/plan';
import { poorDialogues } from '../../simulator/corpus';

const EXAMPLES = join(__dirname, '../../examples');
/** Hardly more than it needs: what is lost with a worker makes it too few. */
const MOST_CALLS = 370;
const CORPUS = 'corpus.jsonl';

/** A campaign with everything it names. */
export interface SimulatedCampaign {
  plan: Plan;
  /** Digest of the plan. */
  digest: string;
  /** What lies in the store before it starts. */
  objects: ReadonlyMap<string, Buffer>;
}

/** The demo of examples/, whole but small: two rounds, a choice of checkpoints, a gate and four evaluations. */
export function demoCampaign(): SimulatedCampaign {
  const objects = new Map<string, Buffer>();
  const put = (bytes: Buffer, name: string): ArtifactRef => {
    const digest = sha256(bytes);
    objects.set(blobKey(digest), bytes);
    const uri = `s3://pi-loop/${blobKey(digest)}`;
    return { name, uri, digest: { sha256: digest }, mediaType: 'text/plain', bytes: bytes.length };
  };
  const spec = small(parse(readFileSync(join(EXAMPLES, 'demo.yaml'), 'utf8')));
  const files: CampaignFiles = Object.fromEntries(
    fileReferences(spec).map(({ path, location }) => [pathText(path), put(contentOf(location), location)]),
  );
  const plan = planCampaign('simulated', spec, files);
  const { digest } = put(Buffer.from(canonicalJson(plan)), 'plan.json');
  return { plan, digest: digest.sha256, objects };
}

function contentOf(location: string): Buffer {
  if (location !== CORPUS) return readFileSync(join(EXAMPLES, location));
  return Buffer.from([...poorDialogues(2, 1)].map((row) => JSON.stringify(row)).join('\n'));
}

function small(demo: CampaignSpec & { models: Record<string, { model: string }> }): CampaignSpec {
  const base = demo.policy.base as { pretrain: { recipe: object } };
  const training = { steps: 6, checkpointEvery: 3 };
  const [first, second] = demo.rounds.map((round) => ({
    ...round,
    filter: { policy: 'paper-sr', share: 0.5 },
    training: { ...round.training, ...training },
  }));
  const { spec, issues } = parseCampaign({
    ...demo,
    models: { ...demo.models, judge: { ...demo.models.judge, model: 'simulated-judge+malformed:6' } },
    policy: {
      ...demo.policy,
      base: {
        pretrain: {
          ...base.pretrain,
          corpus: { file: CORPUS },
          recipe: { ...base.pretrain.recipe, ...training },
        },
      },
    },
    rounds: [
      { ...first, tasks: 5, pairsPerTask: 4 },
      { ...second, tasks: 3, pairsPerTask: 3 },
    ],
    limits: { unratedShare: 0.9, modelCalls: MOST_CALLS },
    gates: [{ before: 'BC+SR/collect', ask: 'Is the first round any good?' }],
    evaluation: { tasks: 4, devTasks: 2, policies: ['base', 'BC+SR'], bootstrapSamples: 100 },
    execution: { episodesInFlight: 16 },
  });
  if (!spec) throw new Error(`the simulated campaign is not one: ${JSON.stringify(issues)}`);
  return spec;
}
