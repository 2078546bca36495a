import { z } from 'zod';
import type { StageProgress } from '../../workflows/messages';
import type { ActivityStatus, CampaignStatus } from '../campaigns';
import { duration } from './duration';

const MARK: Record<StageProgress['state'], string> = {
  waiting: '·',
  running: '▶',
  finished: '✓',
  reused: '=',
  failed: '✗',
};

const Training = z.object({
  stage: z.string(),
  step: z.number(),
  steps: z.number(),
  loss: z.number().nullable(),
  tokensPerSecond: z.number().nullable(),
});

/** The whole state of a campaign as text: a line a stage, then what is being tried again. */
export function renderStatus(status: CampaignStatus, now: Date): string {
  const { campaign, state, progress, activities } = status;
  const elapsed = duration(secondsBetween(progress.startedAt, now));
  const width = Math.max(...progress.stages.map((stage) => stage.id.length));
  const trouble = activities.filter(({ failure, attempt }) => failure !== null && attempt > 1);
  return [
    `campaign ${campaign} · ${state} · ${elapsed}`,
    ...progress.stages.map(
      (stage) => `${MARK[stage.state]} ${stage.id.padEnd(width)}  ${describeStage(stage, activities, now)}`,
    ),
    ...trouble.map(({ activity, attempt, failure }) => `! ${activity}, attempt ${attempt}: ${failure}`),
  ].join('\n');
}

/** What a stage does now, or took. */
export function describeStage(
  stage: StageProgress,
  activities: readonly ActivityStatus[],
  now: Date,
): string {
  switch (stage.state) {
    case 'waiting':
      return 'waits for its inputs';
    case 'reused':
      return 'reused: computed before';
    case 'failed':
      return 'failed';
    case 'finished':
      return [
        `finished in ${duration(secondsBetween(stage.startedAt, new Date(stage.finishedAt ?? now)))}`,
        ...countsOf(stage),
      ].join(' · ');
    case 'running':
      return [duration(secondsBetween(stage.startedAt, now)), ...workOf(stage, activities, now)].join(' · ');
  }
}

/** The share of a running stage that is done, 0 to 1, as far as it tells. */
export function shareDone(stage: StageProgress, activities: readonly ActivityStatus[]): number {
  const training = trainingOf(stage, activities);
  if (training) return training.step / Math.max(1, training.steps);
  return stage.episodes.finished / Math.max(1, stage.episodes.planned);
}

function trainingOf(stage: StageProgress, activities: readonly ActivityStatus[]) {
  const reports = activities.map(({ details }) => Training.safeParse(details).data);
  return reports.find((report) => report?.stage === stage.id);
}

function workOf(stage: StageProgress, activities: readonly ActivityStatus[], now: Date): string[] {
  const training = trainingOf(stage, activities);
  if (training) return trainingWork(training);
  const { finished, planned } = stage.episodes;
  if (planned === 0) return [];
  const seconds = secondsBetween(stage.startedAt, now);
  const rate = finished / Math.max(seconds, 0.001);
  const left =
    finished > 0
      ? [`${rate.toFixed(1)} a second`, `about ${duration((planned - finished) / rate)} left`]
      : [];
  return [`${finished} of ${planned} episodes`, ...left];
}

function trainingWork({ step, steps, loss, tokensPerSecond }: z.infer<typeof Training>): string[] {
  if (steps === 0) return ['starting the trainer'];
  return [
    `step ${step} of ${steps}`,
    ...(loss === null ? [] : [`loss ${loss.toFixed(3)}`]),
    ...(tokensPerSecond === null
      ? []
      : [`${Math.round(tokensPerSecond).toLocaleString('en')} tokens a second`]),
  ];
}

const countsOf = ({ counts }: StageProgress): string[] =>
  Object.entries(counts).map(
    ([name, value]) => `${Number.isInteger(value) ? value : value.toFixed(2)} ${name}`,
  );

const secondsBetween = (from: string | null, to: Date): number =>
  from ? Math.max(0, (to.getTime() - Date.parse(from)) / 1000) : 0;
