import type { Hold } from '../../client/holds';
import type { FailureType } from '../../schemas/names';
import type { SteeringRecord } from '../../schemas/steering';
import type { CampaignProgress, Parking } from '../../workflows/messages';
import { duration } from './duration';

/** What holds a campaign, since when, and how it goes on. */
export function describeHold(campaign: string, hold: Hold, now: Date): string {
  switch (hold.kind) {
    case 'paused':
      return `paused by ${describeAsker(hold.by, now)}; \`pi-loop resume ${campaign}\` goes on.`;
    case 'gated':
      return `${hold.stage} waits for a yes to "${hold.ask}"; \`pi-loop approve ${campaign} ${hold.stage}\`, or \`reject\` in its place.`;
    case 'parked':
      return `${hold.stage} is parked, ${hold.parking.type}: ${hold.parking.message} ${wayOn(campaign, hold.stage, hold.parking, now)}`;
  }
}

/** The type of the parking that a rejected gate is. */
const GATE_REJECTED = 'GATE_REJECTED';

/** What passed a limit, with how it is raised. */
const RAISED_BY: Readonly<Record<string, string>> = {
  TOO_MANY_UNRATED: '--unrated-share SHARE',
  CALLS_EXHAUSTED: '--model-calls N',
  MONEY_EXHAUSTED: '--money DOLLARS',
} satisfies Partial<Record<FailureType, string>>;

function wayOn(campaign: string, stage: string, { type, nextTryAt, tries }: Parking, now: Date): string {
  const retry = `\`pi-loop retry ${campaign} ${stage}\``;
  const amend = `\`pi-loop amend ${campaign} FILE\``;
  if (type === GATE_REJECTED) return `${amend} takes another way, \`pi-loop cancel ${campaign}\` none.`;
  const limit = RAISED_BY[type];
  if (limit !== undefined)
    return `${amend} changes the plan, \`pi-loop raise-limit ${campaign} ${limit} --why …\` the limit; both go on from here.`;
  if (nextTryAt === null) return `Then ${retry} tries it again; ${amend} changes the plan.`;
  const wait = (Date.parse(nextTryAt) - now.getTime()) / 1000;
  const when = wait > 0 ? `in ${duration(wait)}` : 'now';
  return `It is tried again by itself ${when}${tries > 0 ? ` (${tries} ${tries === 1 ? 'try' : 'tries'} so far)` : ''}; ${retry} does so at once.`;
}

/** Of what people did to a campaign, the last few, newest last. */
export function recentSteering({ steering }: CampaignProgress, now: Date, most = 5): string[] {
  const hidden = steering.length - most;
  return [
    ...(hidden > 0 ? [`… and ${hidden} before: \`status --json\` lists them`] : []),
    ...steering.slice(-most).map((record) => `${describeRecord(record)}, ${ago(record.at, now)}`),
  ];
}

const DID = {
  pause: 'paused the campaign',
  resume: 'let the campaign go on',
  retry: 'had tried again',
  amend: 'amended the plan',
  approve: 'approved',
  reject: 'rejected',
} as const satisfies Record<SteeringRecord['kind'], string>;

function describeRecord({ who, why, kind, stages, refused }: SteeringRecord): string {
  const about = kind === 'retry' || kind === 'approve' || kind === 'reject' ? ` ${stages.join(', ')}` : '';
  return `${who} ${DID[kind]}${about}: ${why}${refused === null ? '' : ` (refused: ${refused})`}`;
}

/** `anna 3 min ago (the machine is needed)`. */
export const describeAsker = ({ who, why, at }: SteeringRecord, now: Date): string =>
  `${who} ${ago(at, now)} (${why})`;

const ago = (at: string, now: Date): string =>
  `${duration(Math.max(0, (now.getTime() - Date.parse(at)) / 1000))} ago`;
