import type { ActivityStatus } from '../../client/activityStatus';
import { duration } from './duration';

/** A worker takes what it has a slot for at once; what has waited this long is worth a word. */
const WORTH_A_WORD_SECONDS = 5;

/** What is being tried again or waits for a worker, a line a kind of activity and reason. */
export function troubles(activities: readonly ActivityStatus[], now: Date): string[] {
  const groups = new Map<string, ActivityStatus[]>();
  for (const activity of activities) {
    const kind = JSON.stringify([activity.activity, activity.failure, activity.untaken?.workersAsk]);
    if (activity.failure !== null || hasWaitedLong(activity, now))
      groups.set(kind, [...(groups.get(kind) ?? []), activity]);
  }
  return [...groups.values()].map((group) => describeGroup(group, now));
}

const hasWaitedLong = ({ untaken }: ActivityStatus, now: Date): boolean =>
  untaken !== null && waited([untaken.since], now) > WORTH_A_WORD_SECONDS;

function describeGroup(group: readonly ActivityStatus[], now: Date): string {
  const [first] = group;
  const attempt = Math.max(...group.map((activity) => activity.attempt));
  const what = [
    `${first?.activity}${group.length > 1 ? ` (${group.length} of them)` : ''}`,
    ...(attempt > 1 ? [`attempt ${attempt}`] : []),
  ].join(', ');
  if (first?.failure) return `${what}: ${first.failure}`;
  const since = group.flatMap(({ untaken }) => untaken?.since ?? []);
  const lately = first?.untaken?.workersAsk ? '' : ' (none has asked for work lately)';
  return `${what}: has waited ${duration(waited(since, now))} for a free slot or a worker of ${first?.taskQueue}${lately}`;
}

/** Seconds since the first of these times. */
const waited = (times: readonly string[], now: Date): number =>
  (now.getTime() - Math.min(...times.map(Date.parse))) / 1000;
