import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  setHandler,
} from '@temporalio/workflow';
import type { SteeringKind, SteeringRecord, SteeringRequest } from '../schemas/steering';
import { general } from './activityProxies';
import type { CampaignState } from './campaignState';
import { stopBatches } from './stopBatches';
import {
  amend,
  type AmendRequest,
  campaignProgress,
  decideGate,
  type GateDecision,
  pause,
  resume,
  retryStage,
  STEERING_REFUSED,
  type StageProgress,
  type StageRequest,
} from './messages';

interface Effect {
  kind: SteeringKind;
  stages?: string[];
  changes?: SteeringRecord['changes'];
  plan?: string;
}

/** What people may ask of a campaign. Each request is done once, is put on record, or is refused with its reason. */
export class Steering {
  /** Records on their way to the store, and batches that providers are to stop. */
  private underWay = 0;
  /** An amendment is thought through before the next one is looked at. */
  private amending: Promise<unknown> = Promise.resolve();

  constructor(private readonly state: CampaignState) {
    setHandler(campaignProgress, () => state.progress);
    setHandler(pause, (request) => this.once(request, () => this.pause(request)));
    setHandler(resume, (request) => this.once(request, () => this.resume(request)));
    setHandler(retryStage, (request) => this.once(request, () => this.retry(request)));
    setHandler(decideGate, (request) => this.once(request, () => this.decide(request)));
    setHandler(amend, (request) => {
      const amended = this.amending.then(() => this.once(request, () => this.amend(request)));
      this.amending = amended.catch(() => undefined);
      return amended;
    });
  }

  /** Until every request is answered, and everything that was done is in the store as well. */
  async finished(): Promise<void> {
    await condition(() => this.underWay === 0 && allHandlersFinished());
    await this.state.log.written();
  }

  private async once(
    { request }: SteeringRequest,
    act: () => SteeringRecord | Promise<SteeringRecord>,
  ): Promise<SteeringRecord> {
    const known = this.state.steering.find((record) => record.request === request);
    if (known?.refused) throw refusal(known.refused);
    return known ?? act();
  }

  private pause(request: SteeringRequest): SteeringRecord {
    this.state.paused ??= this.record(request, { kind: 'pause' });
    return this.state.paused;
  }

  private resume(request: SteeringRequest): SteeringRecord {
    const { paused, releasable, steering } = this.state;
    if (!paused && releasable.length === 0) {
      const last = steering.at(-1);
      if (last?.kind === 'resume') return last;
      throw refusal('It is not paused, and no stage of it is parked: there is nothing to resume.');
    }
    this.state.paused = null;
    this.state.release(releasable);
    return this.record(request, { kind: 'resume', stages: releasable.map(({ id }) => id) });
  }

  private retry(request: StageRequest): SteeringRecord {
    const stage = this.stageOf(request);
    if (stage.state !== 'parked')
      throw refusal(`Stage ${stage.id} is not parked, it is ${stage.state}: there is nothing to try again.`);
    if (!this.state.releasable.includes(stage))
      throw refusal(rejected(stage.id, this.state.gates.get(stage.id)));
    this.state.release([stage]);
    return this.record(request, { kind: 'retry', stages: [stage.id] });
  }

  private decide({ approved, stage: id, ...request }: GateDecision): SteeringRecord {
    const stage = this.stageOf({ stage: id });
    const kind = approved ? 'approve' : 'reject';
    const before = this.state.gates.get(id);
    if (before?.kind === kind) return before;
    if (before) {
      const refused = `The gate of stage ${id} was decided before: ${describe(before)}. A decision is not taken back.`;
      this.record(request, { kind, stages: [id] }, refused);
      throw refusal(refused);
    }
    if (stage.gate === null) throw refusal(`Stage ${id} has no gate: nobody is asked before it starts.`);
    if (stage.state !== 'gated')
      throw refusal(
        `Stage ${id} is not at its gate yet, it is ${stage.state}: decide when what it starts from is there to look at.`,
      );
    const decision = this.record(request, { kind, stages: [id] });
    this.state.gates.set(id, decision);
    if (approved) stage.state = 'waiting';
    else this.state.park(id, gateRejected(decision));
    return decision;
  }

  private async amend({ plan, instead, ...request }: AmendRequest): Promise<SteeringRecord> {
    if (instead !== undefined && instead !== this.state.plan)
      throw refusal('It was amended meanwhile: look at what it does now, and ask again.');
    const {
      unusable,
      changes,
      redefined,
      abandoned = [],
    } = await general.comparePlans({
      before: this.state.plan,
      after: plan,
    });
    if (unusable) throw refusal(`The new plan cannot be followed: ${unusable}.`);
    if (changes.length === 0) throw refusal('The new plan is the one that is followed already.');
    const fixed = redefined.flatMap((id) => this.state.stages.get(id) ?? []).filter(isFixed);
    if (fixed.length > 0) {
      const which = fixed.map(({ id, state }) => `${id} (${state})`).join(', ');
      throw refusal(
        `The new plan changes what is made by stages that have run already or run now: ${which}. ` +
          'Pause the campaign to change a running stage; for another course from a finished one start a campaign under another --id, which reuses what is the same.',
      );
    }
    this.state.plan = plan;
    this.state.restarting = true;
    this.state.release(this.state.parked);
    for (const id of redefined) this.state.gates.delete(id);
    if (abandoned.length > 0) this.finishLater(stopBatches(this.state.campaign, abandoned));
    return this.record(request, { kind: 'amend', stages: redefined, changes, plan });
  }

  private stageOf({ stage: id }: { stage: string }): StageProgress {
    const stage = this.state.stages.get(id);
    if (stage) return stage;
    throw refusal(`There is no stage "${id}". There are ${[...this.state.stages.keys()].join(', ')}.`);
  }

  private record(
    { request, who, why }: SteeringRequest,
    { kind, stages = [], changes = [], plan }: Effect,
    refused: string | null = null,
  ): SteeringRecord {
    const record = this.state.record({
      request,
      who,
      why,
      kind,
      stages,
      changes,
      plan: plan ?? null,
      refused,
    });
    if (this.state.log.isEnabled) this.state.log.add({ kind: 'steering', record }, { who, why });
    else this.recordAlone(record);
    return record;
  }

  /** As campaigns of 0.2.0 do, whose runs go on as they began. */
  private recordAlone(record: SteeringRecord): void {
    this.finishLater(
      CancellationScope.nonCancellable(() =>
        general.recordSteering({ campaign: this.state.campaign, record }),
      ),
    );
  }

  /** Nobody waits for it but the end of the run. */
  private finishLater(work: Promise<void>): void {
    this.underWay += 1;
    void work.catch(() => undefined).finally(() => (this.underWay -= 1));
  }
}

const refusal = (message: string): ApplicationFailure =>
  ApplicationFailure.nonRetryable(message, STEERING_REFUSED);

const describe = ({ who, kind, at, why }: SteeringRecord): string =>
  `${who} chose to ${kind} at ${at}${why ? ` (${why})` : ''}`;

const rejected = (stage: string, decision: SteeringRecord | undefined): string =>
  `The gate of stage ${stage} is shut${decision ? `: ${describe(decision)}` : ''}. Amend what leads to it, or cancel the campaign.`;

const gateRejected = (decision: SteeringRecord) => ({
  type: 'GATE_REJECTED',
  message: rejected(decision.stages[0] ?? '', decision),
  since: decision.at,
  tries: 0,
  nextTryAt: null,
});

/** What such a stage makes cannot be changed any more, or not at this moment. */
const isFixed = ({ state }: StageProgress): boolean =>
  state === 'running' || state === 'finished' || state === 'reused';
