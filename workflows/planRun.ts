import {
  CancellationScope,
  condition,
  isCancellation,
  TemporalFailure,
  workflowInfo,
} from '@temporalio/workflow';
import type { PlanOutline } from '../activities/stages';
import type { ArtifactRef } from '../schemas/artifact';
import type { StageResult } from '../schemas/plan';
import { probeModels } from './activityProxies';
import type { CampaignState } from './campaignState';
import type { Parking, StageProgress, StageState } from './messages';
import { concernsModel, parkingOf } from './parking';
import { StageRunner } from './stageRunner';

type OutlinedStage = PlanOutline['stages'][number];

/** A history this long is left behind at the next stage boundary; Temporal warns at 10,240 events. */
const LONG_HISTORY = 4_000;

/**
 * Runs the stages of a plan: each as soon as its inputs are there and nothing holds it, independent ones side by side.
 * A stage that cannot go on is parked; the others go on.
 */
export class PlanRun {
  private readonly results = new Map<string, StageResult>();
  private readonly running = new Map<string, CancellationScope>();
  private readonly runner: StageRunner;
  private crash: { error: unknown } | null = null;

  constructor(
    private readonly state: CampaignState,
    private readonly outline: PlanOutline,
  ) {
    const { campaign, plan } = state;
    this.runner = new StageRunner({ campaign, plan }, outline, (stage, key) =>
      state.log.add({ kind: 'stage-started', stage, key }),
    );
  }

  /** @returns the stages' results, or null when nothing can be done now, or a new run is to go on */
  async run(): Promise<Map<string, StageResult> | null> {
    try {
      for (;;) {
        for (const stage of this.startable()) this.start(stage);
        this.showGates();
        if (this.running.size === 0) break;
        await this.change();
        if (this.crash) throw this.crash.error;
        if (this.state.paused || this.state.restarting) this.interrupt();
      }
    } catch (error) {
      // A cancelled campaign ends when its stages have cleaned up.
      if (!this.crash) await CancellationScope.nonCancellable(() => condition(() => this.running.size === 0));
      throw error;
    }
    return this.results.size === this.outline.stages.length ? this.results : null;
  }

  /** True when every stage that is left is held by something, or waits for one that is. */
  get hasNothingToDo(): boolean {
    return !this.state.restarting && this.open().length === 0;
  }

  /** Waits until a stage can be started or has ended, or running ones are to stop. */
  private async change(): Promise<void> {
    const before = this.running.size;
    const interrupted = this.state.paused !== null || this.state.restarting;
    const changed = () =>
      this.running.size !== before ||
      (!interrupted && (this.state.paused !== null || this.state.restarting)) ||
      this.startable().length > 0;
    const due = this.isToBeContinued() ? null : this.state.nextTryIn(this.next);
    if (due === null) await condition(changed);
    else await condition(changed, Math.max(1, due));
  }

  private startable(): OutlinedStage[] {
    return this.isToBeContinued() ? [] : this.open();
  }

  private open(): OutlinedStage[] {
    return this.next.filter((stage) => this.state.mayStart(stage));
  }

  /** Stages that have their inputs and are not under way. */
  private get next(): OutlinedStage[] {
    return this.outline.stages.filter((stage) => this.isNext(stage) && !this.running.has(stage.id));
  }

  private isNext({ id, inputs }: OutlinedStage): boolean {
    return !this.results.has(id) && Object.values(inputs).every(({ stage }) => this.results.has(stage));
  }

  /** No stage is begun in a run that is to end at the next stage boundary. */
  private isToBeContinued(): boolean {
    const { continueAsNewSuggested, historyLength } = workflowInfo();
    return continueAsNewSuggested || historyLength > LONG_HISTORY;
  }

  private start(stage: OutlinedStage): void {
    const scope = new CancellationScope();
    this.running.set(stage.id, scope);
    void scope
      .run(() => this.runStage(stage))
      .catch((error: unknown) => {
        this.crash = { error };
      })
      .finally(() => this.running.delete(stage.id));
  }

  private async runStage(stage: OutlinedStage): Promise<void> {
    const progress = this.state.stage(stage.id);
    const { plan } = this.state;
    const wasDone = isDone(progress);
    try {
      if (concernsModel(progress.parking)) await probeModels({ plan, stage: stage.id });
      const result = await this.runner.run(stage, this.inputsOf(stage), progress);
      this.results.set(stage.id, result);
      progress.parking = null;
      if (!wasDone) this.logFinished(progress, result);
    } catch (error) {
      // One that is only looked up again stays what it was.
      if (isCancellation(error))
        progress.state = isDone(progress) ? progress.state : this.stateOfInterrupted();
      else if (error instanceof TemporalFailure) this.park(stage.id, parkingOf(error, progress.parking));
      else throw error;
    }
  }

  private park(stage: string, parking: Parking): void {
    this.state.park(stage, parking);
    const { since: _since, ...why } = parking;
    this.state.log.add({ kind: 'stage-parked', stage, ...why });
  }

  private logFinished({ id: stage, state }: StageProgress, result: StageResult): void {
    const { key, manifest } = result;
    const { calls } = this;
    const reused = state === 'reused';
    this.state.log.add({
      kind: 'stage-finished',
      stage,
      key,
      manifest: manifest.digest.sha256,
      reused,
      calls,
    });
    const { campaign, log } = this.state;
    const { modelCalls, money = null, notesSnapshots = false } = this.outline;
    if (modelCalls !== null) void log.addCalls(campaign, modelCalls);
    if (money !== null) void log.addMoney(campaign, money);
    if (notesSnapshots) void log.addSnapshots(campaign);
  }

  /** Calls of the stages that this campaign itself has made. */
  private get calls(): number {
    const own = [...this.results].filter(([id]) => this.state.stage(id).state === 'finished');
    return own.reduce((sum, [, { cost }]) => sum + cost.calls, 0);
  }

  private stateOfInterrupted(): StageState {
    if (this.state.paused) return 'paused';
    return this.state.restarting ? 'waiting' : 'stopped';
  }

  private inputsOf({ id, inputs }: OutlinedStage): Record<string, ArtifactRef> {
    return Object.fromEntries(
      Object.entries(inputs).map(([role, { stage, output }]) => {
        const artifact = this.results.get(stage)?.outputs[output];
        if (!artifact) throw new Error(`stage ${id} asks for ${output} of ${stage}, which it does not make`);
        return [role, artifact];
      }),
    );
  }

  private interrupt(): void {
    for (const scope of this.running.values()) scope.cancel();
  }

  private showGates(): void {
    for (const stage of this.outline.stages) {
      const { id, gate } = stage;
      if (gate === null || !this.isNext(stage) || this.state.gates.has(id)) continue;
      const progress = this.state.stage(id);
      if (progress.state !== 'gated') this.state.log.add({ kind: 'gate-reached', stage: id, question: gate });
      progress.state = 'gated';
    }
  }
}

const isDone = ({ state }: StageProgress): boolean => state === 'finished' || state === 'reused';
