import { z } from 'zod';
import type { ActivityStatus } from '../../client/activityStatus';
import { holdsOf } from '../../client/holds';
import type { CampaignStatus } from '../../client/status';
import type { StageProgress } from '../../workflows/messages';
import { askedModelsLine } from './askedModels';
import { duration } from './duration';
import { describeHold, recentSteering } from './holds';
import { inertLine } from './inert';
import { troubles } from './troubles';

const MARK: Record<StageProgress['state'], string> = {
  waiting: '·',
  gated: '?',
  running: '▶',
  paused: '‖',
  parked: '!',
  finished: '✓',
  reused: '=',
  stopped: '■',
};

const Training = z.object({
  stage: z.string(),
  step: z.number(),
  steps: z.number(),
  loss: z.number().nullable(),
  tokensPerSecond: z.number().nullable(),
});

/** The whole state of a campaign as text: a line a stage, then what holds it, what is waited for, and who did what. */
export function renderStatus(status: CampaignStatus, now: Date): string {
  const { campaign, state, startedAt, closedAt, progress, activities, failure } = status;
  const stages = progress?.stages ?? [];
  const elapsed = duration(secondsBetween(startedAt, closedAt === null ? now : new Date(closedAt)));
  const width = Math.max(0, ...stages.map((stage) => stage.id.length));
  return [
    `campaign ${campaign} · ${state} · ${elapsed}`,
    ...stages.map(
      (stage) => `${MARK[stage.state]} ${stage.id.padEnd(width)}  ${describeStage(stage, activities, now)}`,
    ),
    ...askedModelsLine(stages.flatMap(({ cost }) => cost ?? [])).map((line) => `  ${line}`),
    ...(progress === null ? [`! ${NO_WORKER}`] : []),
    ...(progress === null ? [] : holdsOf(progress)).map((hold) => `! ${describeHold(campaign, hold, now)}`),
    ...troubles(activities, now).map((trouble) => `! ${trouble}`),
    ...(progress === null ? [] : recentSteering(progress, now)).map((line) => `» ${line}`),
    ...(failure === null ? [] : [`✗ ${failure}`]),
  ]
    .map(inertLine)
    .join('\n');
}

export const NO_WORKER =
  'no worker answers: start the workers (`pi-loop up` runs them), or see in their logs what keeps them';

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
    case 'gated':
      return 'waits for a yes';
    case 'paused':
      return 'paused';
    case 'parked':
      return ['parked', ...(stage.parking ? [stage.parking.type, since(stage.parking.since, now)] : [])].join(
        ' · ',
      );
    case 'stopped':
      return 'stopped with the campaign';
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

const since = (time: string, now: Date): string => `for ${duration(secondsBetween(time, now))}`;

const secondsBetween = (from: string | null, to: Date): number =>
  from ? Math.max(0, (to.getTime() - Date.parse(from)) / 1000) : 0;
