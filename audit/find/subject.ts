import type { StoredEntry } from '../../artifacts/campaignLog';
import type { DialogueRow } from '../../schemas/training';
import type { EpisodePlace } from '../index/archive';
import type { AuditedStage } from '../readCampaign';

/** Something of a campaign that can be asked about. */
export type Subject =
  | { kind: 'score'; policy: string; metric: string }
  | { kind: 'round'; name: string }
  | { kind: 'stage'; stage: AuditedStage }
  | { kind: 'manifest'; stage: AuditedStage }
  | { kind: 'plan'; digest: string }
  | { kind: 'entry'; entry: StoredEntry }
  | { kind: 'artifact'; stage: AuditedStage; role: string; digest: string }
  | { kind: 'file'; stage: AuditedStage; role: string; name: string; digest: string }
  | { kind: 'episode'; place: EpisodePlace }
  | { kind: 'rating'; place: EpisodePlace }
  | { kind: 'turn'; place: EpisodePlace; number: number }
  | { kind: 'row'; stage: AuditedStage; row: DialogueRow }
  | { kind: 'blob'; digest: string };

const DIGITS = 12;

/** A digest as people read it. */
export const short = (digest: string): string => digest.slice(0, DIGITS);

/** A subject in a list of several, with a name that leads to it alone. */
export function nameOf(subject: Subject): string {
  switch (subject.kind) {
    case 'score':
      return `${subject.policy}:${subject.metric} (score)`;
    case 'round':
      return `${subject.name} (round)`;
    case 'stage':
      return `${subject.stage.id} (stage)`;
    case 'manifest':
      return `${short(subject.stage.manifest.digest)} (manifest of ${subject.stage.id})`;
    case 'plan':
      return `${short(subject.digest)} (plan)`;
    case 'entry':
      return `${short(subject.entry.head.digest)} (log entry ${subject.entry.head.number})`;
    case 'artifact':
      return `${short(subject.digest)} (${subject.role} of ${subject.stage.id})`;
    case 'file':
      return `${short(subject.digest)} (${subject.name} in ${subject.role} of ${subject.stage.id})`;
    case 'episode':
      return `${short(subject.place.row.episode)} (episode ${subject.place.row.id} of ${subject.place.stage.id})`;
    case 'rating':
      return `${short(subject.place.row.rating)} (rating of ${subject.place.row.id} in ${subject.place.stage.id})`;
    case 'turn':
      return `${short(subject.place.row.episode)}#${subject.number} (turn of ${subject.place.row.id} in ${subject.place.stage.id})`;
    case 'row':
      return `${subject.row.id} (training row of ${subject.stage.id})`;
    case 'blob':
      return `${short(subject.digest)} (blob)`;
  }
}
