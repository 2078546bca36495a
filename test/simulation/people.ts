import { canonicalJson, sha256 } from '../../artifacts/canonicalJson';
import { blobKey } from '../../artifacts/artifactStore';
import { withRaisedLimits } from '../../domain/plan/raiseLimit';
import type { Plan } from '../../schemas/plan';
import type { CampaignProgress, SteeringRecord } from '../../workflows/messages';
import type { SimulatedCampaign } from './campaign';
import type { World } from './world';

export const WORKFLOW_ID = 'campaign/simulated';

/** How often somebody looks after the campaign. */
const LOOK_EVERY_MS = 7_000;
/** A client whose question got lost asks again. */
const ASK_AGAIN_MS = 1_000;
/** A message that was sent twice comes for the second time within this time. */
const DUPLICATE_WITHIN_MS = 20_000;

type Update = 'pause' | 'resume' | 'retryStage' | 'decideGate' | 'amend';

/** What a request came to: its record, or the reason why not. */
export type Answer = { record: SteeringRecord } | { refused: string };

/** Those who steer the campaign: they ask again when they hear nothing, and some of their messages come twice. */
export class People {
  /** By request, all answers that came. */
  readonly answers = new Map<string, Answer[]>();
  private asked = 0;
  private sent = 0;

  constructor(
    private readonly world: World,
    private readonly campaign: SimulatedCampaign,
    /** From here on they see to it that the campaign goes on. */
    private readonly calmAt: number,
    private readonly isOver: () => boolean,
  ) {
    world.clock.after(LOOK_EVERY_MS, null, () => this.lookAfter());
  }

  pauseFor(ms: number): void {
    this.ask('pause', {});
    this.world.clock.after(ms, null, () => this.ask('resume', {}));
  }

  amend(how: 'raise limit' | 'drop gate'): void {
    const { plan } = this.campaign;
    const stages = plan.stages.map((stage) => ({ ...stage, gate: null }));
    const amended: Plan =
      how === 'raise limit' ? withRaisedLimits(plan, { unratedShare: 0.95 }) : { ...plan, stages };
    const bytes = Buffer.from(canonicalJson(amended));
    this.world.storage.objects.set(blobKey(sha256(bytes)), bytes);
    this.ask('amend', { plan: sha256(bytes) });
  }

  /** Wants a gate shut that was opened. */
  contradict(): void {
    const approved = [...this.answers.values()].flat().find(isApproval);
    if (approved) this.ask('decideGate', { stage: approved.record.stages[0], approved: false });
  }

  retrySomething(): void {
    this.ask('retryStage', { stage: this.world.random.pick(this.campaign.plan.stages).id });
  }

  private async lookAfter(): Promise<void> {
    if (this.isOver()) return;
    const { clock, temporal } = this.world;
    const progress = (await temporal.query(WORKFLOW_ID, 'campaignProgress')) as CampaignProgress | undefined;
    const isCalm = clock.elapsed >= this.calmAt;
    const stages = progress?.stages ?? [];
    for (const { id, state } of stages)
      if (state === 'gated') this.ask('decideGate', { stage: id, approved: true });
    const isStuck = stages.some(({ parking }) => parking !== null && parking.nextTryAt === null);
    if (isCalm && (progress?.paused || isStuck)) this.ask('resume', {});
    clock.after(LOOK_EVERY_MS, null, () => this.lookAfter());
  }

  private ask(update: Update, what: object): void {
    const { random, clock } = this.world;
    const request = `request-${++this.asked}`;
    const argument = { request, who: 'somebody', why: 'the simulation', ...what };
    this.answers.set(request, []);
    this.send(update, argument);
    if (random.uniform() < 0.5)
      clock.after(random.integer(DUPLICATE_WITHIN_MS), null, () => this.send(update, argument));
  }

  private send(update: Update, argument: { request: string }): void {
    const { temporal, clock } = this.world;
    if (this.isOver()) return;
    const heard = (answer: Answer) => {
      this.world.note(`${argument.request} ${update}: ${JSON.stringify(answer)}`);
      this.answers.get(argument.request)?.push(answer);
    };
    temporal.update(WORKFLOW_ID, `update-${++this.sent}`, update, argument, {
      completed: (record) => heard({ record: record as SteeringRecord }),
      rejected: ({ message }) => heard({ refused: message }),
      lost: () => clock.after(ASK_AGAIN_MS, null, () => this.send(update, argument)),
    });
  }
}

const isApproval = (answer: Answer): answer is { record: SteeringRecord } =>
  'record' in answer && answer.record.kind === 'approve';
