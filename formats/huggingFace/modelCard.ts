import type { Comparison, Interval, PolicyScores } from '../../schemas/evaluation';
import { plain, table } from './markdown';
import { frontMatter } from './yaml';

/** What a policy's card says. */
export interface DescribedPolicy {
  name: string;
  campaign: string;
  /** Digest of the policy's folder. */
  policy: string;
  /** SPDX id; null when nobody has stated one. */
  license: string | null;
  baseModel: string | null;
  libraryName: 'transformers' | 'peft';
  /** Rounds whose datasets it was trained on. */
  datasets: string[];
  simulated: boolean;
  scores: PolicyScores;
  /** Those in which it takes part. */
  comparisons: Comparison[];
  hard: PolicyScores | null;
  /** Models that played or judged, with the snapshots that answered. */
  models: { model: string; snapshot: string; roles: string[] }[];
  /** Stages that led to it, from the first: id and digest of the manifest. */
  provenance: { stage: string; manifest: string }[];
  /** `NUMBER:DIGEST` of the campaign's log; null for campaigns without one. */
  head: string | null;
}

/** A Hugging Face model card (huggingface.co/docs/hub/model-cards), with the results as a model index. */
export function modelCard(policy: DescribedPolicy): string {
  return [
    frontMatter(metadata(policy)),
    `# ${policy.campaign}: ${policy.name}`,
    '',
    ...(policy.simulated
      ? [
          '**Made with simulated models**: programs stood in for expert, partner, judge or author. The scores say what these programs make of it, not how people would.',
          '',
        ]
      : []),
    `A social agent trained by Sotopia-π (Wang et al., 2024, arXiv 2403.08715): dialogues were collected, rated by a judge, filtered, and learned from. ${rounds(policy.datasets)}`,
    '',
    '## Results',
    '',
    `On ${policy.scores.tasks} tasks held out from training, ${policy.scores.episodes} episodes, ${policy.scores.unrated} of them unrated; means over tasks with 95 % intervals (bootstrap over tasks).`,
    '',
    table([
      ['metric', 'all tasks', ...(policy.hard ? ['hard tasks'] : [])],
      ...Object.entries(policy.scores.metrics).map(([metric, interval]) => [
        metric,
        range(interval),
        ...(policy.hard ? [range(policy.hard.metrics[metric])] : []),
      ]),
    ]),
    '',
    ...(policy.comparisons.length > 0
      ? [
          table([
            ['difference', 'in', 'mean and 95 % interval', 'p (paired t-test over tasks)'],
            ...policy.comparisons.map(({ better, worse, metric, difference: mean, low, high, p }) => [
              `${plain(better)} − ${plain(worse)}`,
              metric,
              range({ mean, low, high }),
              p < 0.001 ? '< 0.001' : p.toFixed(3),
            ]),
          ]),
          '',
        ]
      : []),
    '## Models that took part',
    '',
    table([
      ['model', 'answered as', 'in'],
      ...policy.models.map(({ model, snapshot, roles }) => [
        plain(model),
        plain(snapshot),
        roles.map(plain).join(', '),
      ]),
    ]),
    '',
    '## Limits',
    '',
    'The judge is a model, and the paper finds that such judges overestimate agents that were trained on their ratings. What the agent says is not checked for truth. It was trained and tested on social tasks of the kind described in `datasets/`, and on no others.',
    '',
    '## Where it comes from',
    '',
    `Weights: folder \`sha256:${policy.policy}\`. ${policy.head ? `Log of the campaign at the time of the release: \`${policy.head}\`. ` : ''}Each stage left a signed statement (in-toto, SLSA provenance) in \`provenance/\`:`,
    '',
    table([
      ['stage', 'manifest'],
      ...policy.provenance.map(({ stage, manifest }) => [plain(stage), `\`sha256:${manifest}\``]),
    ]),
    '',
    'The whole folder is signed: `model_signing verify key . --signature model.sig --public_key signing-key.pub` (PyPI `model-signing`); compare the key with one that you got another way.',
    '',
  ].join('\n');
}

function metadata(policy: DescribedPolicy): object {
  const { name, campaign, scores } = policy;
  return {
    license: policy.license?.toLowerCase() ?? 'unknown',
    base_model: policy.baseModel,
    library_name: policy.libraryName,
    pipeline_tag: 'text-generation',
    language: 'en',
    tags: ['sotopia', 'sotopia-pi', 'social-agent', ...(policy.simulated ? ['simulated'] : [])],
    'model-index': [
      {
        name: `${campaign}-${name}`,
        results: [
          {
            task: { type: 'text-generation', name: 'Social interaction (SOTOPIA)' },
            dataset: { type: `${campaign}-tasks`, name: `Held-out tasks of ${campaign}`, split: 'test' },
            metrics: Object.entries(scores.metrics).map(([metric, { mean }]) => ({
              type: `sotopia-${metric.replaceAll('_', '-')}`,
              name: metric,
              value: rounded(mean),
            })),
          },
        ],
      },
    ],
  };
}

const rounds = (datasets: readonly string[]): string =>
  datasets.length === 0
    ? 'It is the policy that the campaign started from.'
    : `Trained on the data of ${datasets.map((one) => `\`datasets/${one}\``).join(' and ')}.`;

const rounded = (value: number): number => Number(value.toFixed(4));

const range = (interval: Interval | undefined): string =>
  interval ? `${interval.mean.toFixed(2)} [${interval.low.toFixed(2)}, ${interval.high.toFixed(2)}]` : '–';
