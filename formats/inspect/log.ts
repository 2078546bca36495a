import { DIMENSIONS } from '../../schemas/scores';
import type { ModelUsage, Sample } from './sample';

/** What a log says of the whole: a stage of a campaign. */
export interface LogSubject {
  campaign: string;
  stage: string;
  key: string;
  manifest: string;
  /** Digest of the index of its episodes. */
  episodes: string;
  startedAt: string;
  finishedAt: string;
  /** Who is evaluated, the other side, and the judge. */
  models: { contestant: string; partner: string; judge: string };
  dataset: { split: string; taskSet: string | null };
  sampleIds: string[];
  parameters: Record<string, unknown>;
  version: string;
  simulated: boolean;
}

const SCORE_NAMES = ['', 'partner_'].flatMap((prefix) =>
  [...DIMENSIONS, 'overall'].map((dimension) => `${prefix}${dimension}`),
);

/** Sums up samples as they pass by. */
export class LogSummary {
  private readonly sums = new Map(SCORE_NAMES.map((name) => [name, { count: 0, sum: 0, squares: 0 }]));
  private readonly modelUsage: Record<string, ModelUsage> = {};
  private readonly roleUsage: Record<string, ModelUsage> = {};
  readonly summaries: unknown[] = [];

  add(sample: Sample): void {
    for (const [name, { value }] of Object.entries(sample.scores ?? {})) {
      const sums = this.sums.get(name);
      if (sums) Object.assign(sums, added(sums, value));
    }
    addUsage(this.modelUsage, sample.model_usage);
    addUsage(this.roleUsage, sample.role_usage);
    this.summaries.push(summaryOf(sample));
  }

  results() {
    const total = this.summaries.length;
    return {
      total_samples: total,
      completed_samples: total,
      scores: [...this.sums].map(([name, { count, sum, squares }]) => ({
        name,
        scorer: 'sotopia_eval',
        scored_samples: count,
        unscored_samples: total - count,
        params: {},
        metrics: count === 0 ? {} : metricsOf(count, sum, squares),
      })),
    };
  }

  usage() {
    return { model_usage: this.modelUsage, role_usage: this.roleUsage };
  }
}

const added = ({ count, sum, squares }: { count: number; sum: number; squares: number }, value: number) => ({
  count: count + 1,
  sum: sum + value,
  squares: squares + value ** 2,
});

/** Over episodes; the campaign's own intervals are over tasks. */
function metricsOf(count: number, sum: number, squares: number) {
  const mean = sum / count;
  const variance = count > 1 ? Math.max(0, (squares - count * mean ** 2) / (count - 1)) : 0;
  const metric = (name: string, value: number) => ({ [name]: { name, value, params: {} } });
  return { ...metric('mean', mean), ...metric('stderr', Math.sqrt(variance / count)) };
}

function addUsage(total: Record<string, ModelUsage>, more: Record<string, ModelUsage>): void {
  for (const [name, usage] of Object.entries(more)) {
    const before = total[name];
    total[name] = {
      input_tokens: (before?.input_tokens ?? 0) + usage.input_tokens,
      output_tokens: (before?.output_tokens ?? 0) + usage.output_tokens,
      total_tokens: (before?.total_tokens ?? 0) + usage.total_tokens,
    };
  }
}

const SHOWN = 1000;

const summaryOf = ({ id, epoch, input, target, metadata, scores, messages, ...usage }: Sample) => ({
  id,
  epoch,
  input: input.slice(0, SHOWN),
  target: target.slice(0, SHOWN),
  metadata,
  ...(scores && { scores }),
  model_usage: usage.model_usage,
  role_usage: usage.role_usage,
  completed: true,
  message_count: messages.length,
});

const LOG_VERSION = 2;

/** `_journal/start.json`: what is known before the first sample. */
export function startOf(subject: LogSubject) {
  const { campaign, stage, key, models, dataset, parameters, simulated } = subject;
  const label = simulated ? ' (simulated models)' : '';
  return {
    version: LOG_VERSION,
    eval: {
      eval_id: key.slice(0, 22),
      run_id: `${campaign}/${stage}`,
      created: subject.startedAt,
      task: `${campaign}/${stage}`,
      task_id: key,
      task_version: 0,
      task_display_name: `${campaign}/${stage}${label}`,
      task_attribs: {},
      task_args: {},
      tags: ['pi-loop', ...(simulated ? ['simulated'] : [])],
      dataset: {
        name: dataset.split,
        ...(dataset.taskSet !== null && { location: `sha256:${dataset.taskSet}` }),
        samples: subject.sampleIds.length,
        sample_ids: subject.sampleIds,
        shuffled: false,
      },
      model: models.contestant,
      model_generate_config: {},
      model_args: {},
      model_roles: { partner: role(models.partner), judge: role(models.judge) },
      config: { epochs: 1 },
      packages: { 'pi-loop': subject.version },
      metadata: {
        campaign,
        stage,
        stage_key: key,
        manifest_sha256: subject.manifest,
        episodes_sha256: subject.episodes,
        simulated,
        ...parameters,
      },
      scorers: [{ name: 'sotopia_eval' }],
    },
    plan: { name: 'plan', steps: [{ solver: 'dialogue', params: parameters }], config: {} },
  };
}

const role = (model: string) => ({ model, config: {}, args: {} });

/** `header.json`: the whole, without the samples. */
export const headerOf = (subject: LogSubject, summary: LogSummary) => ({
  ...startOf(subject),
  status: 'success',
  results: summary.results(),
  stats: { started_at: subject.startedAt, completed_at: subject.finishedAt, ...summary.usage() },
  invalidated: false,
  tags: [],
  metadata: {},
});
