import type { SteeringRecord } from '../schemas/steering';
import type { CampaignProgress, Parking } from '../workflows/messages';
import type { CampaignStatus } from './status';

/** Something that keeps a campaign, or a stage of it, from going on. */
export type Hold =
  | { kind: 'paused'; by: SteeringRecord }
  | { kind: 'parked'; stage: string; parking: Parking }
  | { kind: 'gated'; stage: string; ask: string };

/** What holds a campaign, in the order of its stages. */
export function holdsOf({ paused, stages }: CampaignProgress): Hold[] {
  return [
    ...(paused ? [{ kind: 'paused', by: paused } as const] : []),
    ...stages.flatMap(({ id: stage, state, parking, gate }): Hold[] => {
      if (state === 'parked' && parking) return [{ kind: 'parked', stage, parking }];
      return state === 'gated' && gate !== null ? [{ kind: 'gated', stage, ask: gate }] : [];
    }),
  ];
}

/** Nothing is done any more, and something holds what is left. Without its workers nobody knows. */
export function standsStill({ closedAt, progress, activities }: CampaignStatus): boolean {
  if (closedAt !== null || progress === null || activities.length > 0) return false;
  return holdsOf(progress).length > 0 && !progress.stages.some(({ state }) => state === 'running');
}
