import { patched } from '@temporalio/workflow';
import type { PlanOutline } from '../activities/stages';
import type { SteeringRecord } from '../schemas/steering';
import { LogWriter } from './logWriter';
import type {
  CampaignProgress,
  CarriedState,
  Parking,
  StageProgress,
  TrainingCampaignInput,
} from './messages';
import { concernsModel } from './parking';

type OutlinedStage = PlanOutline['stages'][number];

/** Of what people did, the last so many stay in the state; the store has all. */
const STEERING_KEPT = 200;

/** All that a campaign knows of itself. Handlers and the run of its plan change it; it survives continue-as-new. */
export class CampaignState {
  plan: string;
  paused: SteeringRecord | null = null;
  /** Set when running stages are to stop at their next checkpoint, so that a new run follows the amended plan. */
  restarting = false;
  /** Whether questions may be with a provider's batches, also while nothing runs. */
  asksByBatches = false;
  readonly stages = new Map<string, StageProgress>();
  readonly gates = new Map<string, SteeringRecord>();
  readonly steering: SteeringRecord[] = [];
  readonly log: LogWriter;
  private readonly startedAt: string;

  constructor(private readonly input: TrainingCampaignInput) {
    const { carried } = input;
    this.plan = input.plan;
    this.log = new LogWriter(input.campaign, carried?.log);
    this.startedAt = carried?.startedAt ?? new Date().toISOString();
    if (!carried) return;
    this.paused = carried.paused;
    this.asksByBatches = carried.asksByBatches ?? false;
    for (const stage of carried.stages) this.stages.set(stage.id, stage);
    for (const [stage, decision] of Object.entries(carried.gates)) this.gates.set(stage, decision);
    this.steering.push(...carried.steering);
  }

  get campaign(): string {
    return this.input.campaign;
  }

  get progress(): CampaignProgress {
    return {
      campaign: this.campaign,
      plan: this.plan,
      startedAt: this.startedAt,
      paused: this.paused,
      stages: [...this.stages.values()],
      steering: this.steering,
    };
  }

  stage(id: string): StageProgress {
    const found = this.stages.get(id);
    if (!found) throw new Error(`no stage ${id}`);
    return found;
  }

  /** Takes over the stages of a plan: new ones wait, those that are no more are forgotten. */
  follow(outline: PlanOutline): void {
    this.asksByBatches = outline.batching !== undefined;
    const known = new Map(this.stages);
    this.stages.clear();
    for (const stage of outline.stages) {
      const progress = known.get(stage.id) ?? waiting(stage);
      this.stages.set(stage.id, { ...progress, gate: stage.gate });
    }
  }

  /** Stages whose gate is open, or that have none, and that are not parked at this moment. */
  mayStart({ id, gate }: OutlinedStage): boolean {
    const open = gate === null || this.gates.get(id)?.kind === 'approve';
    return open && !this.paused && !this.restarting && !isParked(this.stage(id).parking);
  }

  park(id: string, parking: Parking): void {
    Object.assign(this.stage(id), { state: 'parked', parking });
  }

  /** Parked stages that a new try may help; a rejected gate stays shut. */
  get releasable(): StageProgress[] {
    return this.parked.filter(({ id }) => this.gates.get(id)?.kind !== 'reject');
  }

  /** Lets parked stages try again now; what a model did is remembered, so that it is asked first. */
  release(stages: readonly StageProgress[]): void {
    // Runs that 0.3.0 began ask nobody.
    const remembers = stages.some(({ parking }) => concernsModel(parking)) && patched('model-asked-on-retry');
    for (const stage of stages) {
      const { parking } = stage;
      const kept = remembers && concernsModel(parking) ? dueNow(parking) : null;
      Object.assign(stage, { state: 'waiting', parking: kept });
    }
  }

  get parked(): StageProgress[] {
    return [...this.stages.values()].filter(({ state }) => state === 'parked');
  }

  /** Milliseconds until the first parked one of these stages is to be tried again by itself; null when none is. */
  nextTryIn(stages: readonly { id: string }[] = this.parked): number | null {
    const parked = stages.map(({ id }) => this.stage(id)).filter(({ state }) => state === 'parked');
    const times = parked.flatMap(({ parking }) => parking?.nextTryAt ?? []).map(Date.parse);
    const isHeld = this.paused !== null || this.restarting;
    return times.length === 0 || isHeld ? null : Math.max(0, Math.min(...times) - Date.now());
  }

  /** What holds a campaign of which nothing runs. */
  get waitsOn(): 'paused' | 'parked' | 'gated' {
    if (this.paused) return 'paused';
    return this.parked.length > 0 ? 'parked' : 'gated';
  }

  /** Number of the last thing that somebody did; 0 when nobody has done anything. */
  get lastSteering(): number {
    return this.steering.at(-1)?.number ?? 0;
  }

  record(record: Omit<SteeringRecord, 'number' | 'at'>): SteeringRecord {
    const number = this.lastSteering + 1;
    const kept = { ...record, number, at: new Date().toISOString() };
    this.steering.push(kept);
    if (this.steering.length > STEERING_KEPT) this.steering.shift();
    return kept;
  }

  /** @param quiet whether the next run has nothing to do before somebody asks or a parked stage is due */
  carry(quiet: boolean): TrainingCampaignInput {
    const { stages, paused, startedAt, steering } = this.progress;
    const gates = Object.fromEntries(this.gates);
    const log = this.log.carried;
    const batched = this.asksByBatches && { asksByBatches: true };
    const carried: CarriedState = { startedAt, quiet, paused, gates, stages, steering, log, ...batched };
    return { campaign: this.campaign, plan: this.plan, carried };
  }
}

const dueNow = (parking: Parking): Parking => ({ ...parking, tries: 0, nextTryAt: new Date().toISOString() });

const isParked = (parking: Parking | null): boolean =>
  parking !== null && (parking.nextTryAt === null || Date.parse(parking.nextTryAt) > Date.now());

const waiting = ({ id, kind, episodes, gate }: OutlinedStage): StageProgress => ({
  id,
  kind,
  state: 'waiting',
  startedAt: null,
  finishedAt: null,
  episodes: { finished: 0, planned: episodes },
  counts: {},
  key: null,
  parking: null,
  gate,
});
