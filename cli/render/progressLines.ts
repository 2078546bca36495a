import type { StageProgress } from '../../workflows/messages';
import type { ActivityStatus, CampaignStatus } from '../campaigns';
import { describeStage, NO_WORKER, shareDone, troubles } from './progress';

/** A line a quarter of a stage's work. */
const STEPS = 4;

/** Progress for logs: a line when a stage changes its state or a good part of it is done, and for each new trouble. */
export class ProgressLines {
  private readonly said = new Map<string, string>();
  private readonly troubles = new Set<string>();

  constructor(private readonly write: (line: string) => void) {}

  readonly show = ({ progress, activities }: CampaignStatus, now: Date): void => {
    if (progress === null) this.tell(NO_WORKER, NO_WORKER);
    for (const stage of progress?.stages ?? []) {
      const seen = milestone(stage, activities);
      if (stage.state === 'waiting' || this.said.get(stage.id) === seen) continue;
      this.said.set(stage.id, seen);
      this.write(
        `${stage.id}: ${stage.state === 'running' ? 'running, ' : ''}${describeStage(stage, activities, now)}`,
      );
    }
    for (const activity of activities) {
      const [trouble] = troubles([activity]);
      if (trouble !== undefined) this.tell(`${activity.activity} ${activity.failure}`, trouble);
    }
  };

  /** Says a trouble once. */
  private tell(trouble: string, text: string): void {
    if (this.troubles.has(trouble)) return;
    this.troubles.add(trouble);
    this.write(`! ${text}`);
  }
}

function milestone(stage: StageProgress, activities: readonly ActivityStatus[]): string {
  return `${stage.state} ${Math.floor(STEPS * shareDone(stage, activities))}`;
}
