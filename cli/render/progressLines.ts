import type { ActivityStatus } from '../../client/activityStatus';
import { holdsOf } from '../../client/holds';
import type { CampaignStatus } from '../../client/status';
import type { StageProgress } from '../../workflows/messages';
import { describeHold } from './holds';
import { inertLine } from './inert';
import { describeStage, NO_WORKER, shareDone } from './progress';
import { troubles } from './troubles';

/** A line a quarter of a stage's work. */
const STEPS = 4;

/** Progress for logs: a line when a stage changes its state or a good part of it is done, and for each new trouble. */
export class ProgressLines {
  private readonly said = new Map<string, string>();
  private readonly troubles = new Set<string>();

  constructor(private readonly output: (line: string) => void) {}

  readonly show = ({ campaign, progress, activities }: CampaignStatus, now: Date): void => {
    if (progress === null) this.tell(NO_WORKER, NO_WORKER);
    for (const stage of progress?.stages ?? []) {
      const seen = milestone(stage, activities);
      if (stage.state === 'waiting' || this.said.get(stage.id) === seen) continue;
      this.said.set(stage.id, seen);
      this.write(
        `${stage.id}: ${stage.state === 'running' ? 'running, ' : ''}${describeStage(stage, activities, now)}`,
      );
    }
    for (const hold of progress ? holdsOf(progress) : [])
      this.tell(JSON.stringify(hold), describeHold(campaign, hold, now));
    for (const activity of activities) {
      const [trouble] = troubles([activity], now);
      if (trouble !== undefined) this.tell(`${activity.activity} ${activity.failure}`, trouble);
    }
  };

  private write(line: string): void {
    this.output(inertLine(line));
  }

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
