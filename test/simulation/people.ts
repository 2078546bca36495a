import { canonicalJson, sha256 } from '../../artifacts/canonicalJson';
import { blobKey } from '../../artifacts/artifactStore';
import { withRaisedLimits } from '../../domain/plan/raiseLimit';
import { PROBED_FAILURE_TYPES } from '../../schemas/names';
import type { Plan } from '../../schemas/plan';
import type { SteeringRecord } from '../../schemas/steering';
import type { CampaignProgress } from '../../workflows/messages';
import type { SimulatedCampaign } from './campaign';
import { type FaultPlan, isDisturbed } from './faultPlan';
import type { World } from './world';

export const WORKFLOW_ID = 'campaign/simulated';

/** How often somebody looks after the campaign. */
const LOOK_EVERY_MS = 7_000;
/** A client whose question got lost asks again. */
const ASK_AGAIN_MS = 1_000;
/** A message that was sent twice comes for the second time within this time. */
const DUPLICATE_WITHIN_MS = 20_000;

/** A pause has stopped everything by then. */
const STOPPED_WITHIN_MS = 8_000;
/** Unless something goes wrong meanwhile, or did so shortly before: a worker that is lost has to be missed first. */
const UNDISTURBED_FOR_MS = 30_000;
const RESTING = ['playEpisodes', 'trainPolicy', 'servePolicy'];
/** By so much a limit that is reached is raised. */
const MORE_CALLS = 50;

type Update = 'pause' | 'resume' | 'retryStage' | 'decideGate' | 'amend';

/** What a request came to: its record, or the reason why not. */
export type Answer = { record: SteeringRecord } | { refused: string };

/** Those who steer the campaign: they ask again when they hear nothing, and some of their messages come twice. */
export class People {
  /** By request, all answers that came. */
  readonly answers = new Map<string, Answer[]>();
  /** What they saw that should not be. */
  readonly complaints: string[] = [];
  /** Calls of models that they allowed. */
  mostCalls: number;
  private plan: Plan;
  private asked = 0;
  private sent = 0;

  constructor(
    private readonly world: World,
    private readonly campaign: SimulatedCampaign,
    private readonly faults: FaultPlan,
    private readonly isOver: () => boolean,
  ) {
    this.plan = campaign.plan;
    this.mostCalls = campaign.plan.limits.modelCalls ?? 0;
    world.clock.after(LOOK_EVERY_MS, null, () => this.lookAfter());
  }

  pauseFor(ms: number): void {
    const request = this.ask('pause', {});
    this.world.clock.after(STOPPED_WITHIN_MS, null, () => this.lookForRest(request));
    this.world.clock.after(ms, null, () => this.ask('resume', {}));
  }

  /** @param unratedShare of episodes that may stay unrated, 0 to 1 */
  raiseLimit(unratedShare: number): void {
    this.amend(withRaisedLimits(this.plan, { unratedShare }));
  }

  dropGates(): void {
    this.amend({ ...this.plan, stages: this.plan.stages.map((stage) => ({ ...stage, gate: null })) });
  }

  /** Wants a gate shut that was opened. */
  contradict(): void {
    const approved = [...this.answers.values()].flat().find(isApproval);
    if (approved) this.ask('decideGate', { stage: approved.record.stages[0], approved: false });
  }

  retrySomething(): void {
    this.ask('retryStage', { stage: this.world.random.pick(this.campaign.plan.stages).id });
  }

  private allowMoreCalls(): void {
    this.mostCalls += MORE_CALLS;
    this.amend(withRaisedLimits(this.plan, { modelCalls: this.mostCalls }));
  }

  private amend(plan: Plan): void {
    this.plan = plan;
    const bytes = Buffer.from(canonicalJson(plan));
    this.world.storage.objects.set(blobKey(sha256(bytes)), bytes);
    this.ask('amend', { plan: sha256(bytes) });
  }

  /** While a campaign is paused nothing of it runs, and nothing is served. */
  private async lookForRest(pause: string): Promise<void> {
    const { temporal, clock } = this.world;
    if (isDisturbed(this.faults, clock.elapsed - UNDISTURBED_FOR_MS, clock.elapsed)) return;
    const progress = (await temporal.query(WORKFLOW_ID, 'campaignProgress')) as CampaignProgress | undefined;
    if (progress?.paused?.request !== pause) return;
    const busy = temporal.underWay.filter(({ type }) => RESTING.includes(type));
    this.complaints.push(...busy.map(({ name }) => `${name} goes on while the campaign is paused`));
  }

  private async lookAfter(): Promise<void> {
    if (this.isOver()) return;
    const { clock, temporal } = this.world;
    const progress = (await temporal.query(WORKFLOW_ID, 'campaignProgress')) as CampaignProgress | undefined;
    const isCalm = clock.elapsed >= this.faults.calmAt;
    const stages = progress?.stages ?? [];
    for (const { id, state } of stages)
      if (state === 'gated') this.ask('decideGate', { stage: id, approved: true });
    const reasons = stages.flatMap(({ parking }) => parking?.type ?? []);
    if (reasons.includes('CALLS_EXHAUSTED')) this.allowMoreCalls();
    // What passes by itself is none of their business.
    const isStuck = reasons.some((type) => !PROBED_FAILURE_TYPES.includes(type));
    if (isCalm && (progress?.paused || isStuck)) this.ask('resume', {});
    clock.after(LOOK_EVERY_MS, null, () => this.lookAfter());
  }

  /** @returns its id */
  private ask(update: Update, what: object): string {
    const { random, clock } = this.world;
    const request = `request-${++this.asked}`;
    const argument = { request, who: 'somebody', why: 'the simulation', ...what };
    this.answers.set(request, []);
    this.send(update, argument);
    if (random.uniform() < 0.5)
      clock.after(random.integer(DUPLICATE_WITHIN_MS), null, () => this.send(update, argument));
    return request;
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
