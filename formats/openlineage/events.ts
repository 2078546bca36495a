import { canonicalJson } from '../../artifacts/canonicalJson';
import type { StageStatement } from '../../schemas/attestation';
import type { LogEntry } from '../../schemas/campaignLog';
import type { StageResult } from '../../schemas/plan';
import { inputsOf, outputsOf } from './datasets';
import {
  engineFacet,
  errorFacet,
  jobTypeFacet,
  parametersFacet,
  parentFacet,
  PRODUCER,
  type RunName,
  tagsFacet,
} from './facets';
import { runId } from './runId';

export type EventType = 'START' | 'COMPLETE' | 'ABORT' | 'FAIL' | 'OTHER';

/** An OpenLineage RunEvent (spec 2-0-2). */
export interface RunEvent {
  eventTime: string;
  eventType: EventType;
  producer: string;
  schemaURL: string;
  run: { runId: string; facets: Record<string, unknown> };
  job: { namespace: string; name: string; facets: Record<string, unknown> };
  inputs: unknown[];
  outputs: unknown[];
}

export interface LineageStage {
  id: string;
  kind: string;
  key: string;
  result: StageResult;
  statement: StageStatement;
}

/** One run of a campaign: from its start in the log to its end, or a campaign of before there were logs. */
export interface LineageRun {
  campaign: string;
  simulated: boolean;
  /** Finished ones. */
  stages: readonly LineageStage[];
  /** Empty where there is no log: times are the manifests' then. */
  log: readonly LogEntry[];
}

const NAMESPACE = 'pi-loop';
const SCHEMA = 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent';

/** Events of a run in the order of their times: one START, and one end, of the campaign and of each stage. */
export function runEvents(run: LineageRun): RunEvent[] {
  const writer = new EventWriter(run);
  return run.log.length > 0 ? writer.fromLog() : writer.fromManifests();
}

interface StageRun extends RunName {
  key: string;
}

class EventWriter {
  private readonly events: RunEvent[] = [];
  private readonly campaign: RunName;
  private readonly stages: ReadonlyMap<string, LineageStage>;
  /** Runs of stages that have started and not ended, by stage. */
  private readonly open = new Map<string, StageRun>();

  constructor(private readonly run: LineageRun) {
    const start = run.log[0]?.id ?? '';
    this.campaign = {
      runId: runId(run.campaign, start),
      namespace: NAMESPACE,
      name: run.campaign,
    };
    this.stages = new Map(run.stages.map((stage) => [stage.id, stage]));
  }

  fromLog(): RunEvent[] {
    for (const entry of this.run.log) this.tell(entry);
    return this.events;
  }

  private tell({ at, event }: LogEntry): void {
    switch (event.kind) {
      case 'campaign-started':
        return this.campaignEvent('START', at);
      case 'stage-started':
        return this.startStage(event.stage, event.key, at);
      case 'stage-finished':
        if (!this.open.has(event.stage)) this.startStage(event.stage, event.key, at);
        return this.endStage(event.stage, 'COMPLETE', at, { reused: String(event.reused) });
      case 'stage-parked':
        return this.noteParked(event.stage, at, `${event.type}: ${event.message}`);
      case 'campaign-finished':
        return this.campaignEvent('COMPLETE', at);
      case 'campaign-stopped':
        return this.stop(event.type, event.message, at);
      default:
        return undefined;
    }
  }

  /** Times of the stages' own work; stages of one campaign may have been made for another. */
  fromManifests(): RunEvent[] {
    const times = this.run.stages.map(({ statement }) => statement.predicate.runDetails.metadata);
    const [first] = times.map(({ startedOn }) => startedOn).sort();
    const last = times
      .map(({ finishedOn }) => finishedOn)
      .sort()
      .at(-1);
    if (first === undefined || last === undefined) return [];
    this.campaignEvent('START', first);
    for (const { id, key, statement } of this.run.stages) {
      const { startedOn, finishedOn } = statement.predicate.runDetails.metadata;
      this.startStage(id, key, startedOn);
      this.endStage(id, 'COMPLETE', finishedOn, {});
    }
    this.campaignEvent('COMPLETE', last);
    return this.events
      .map((event, index) => ({ event, index }))
      .sort((a, b) => compare(a.event.eventTime, b.event.eventTime) || a.index - b.index)
      .map(({ event }) => event);
  }

  private startStage(stage: string, key: string, at: string): void {
    const run = {
      runId: runId(this.campaign.runId, stage, key),
      namespace: NAMESPACE,
      name: `${this.campaign.name}.${stage}`,
      key,
    };
    // After a pause of parking a stage goes on: it is the same run.
    if (this.open.get(stage)?.runId === run.runId) return;
    // Amended, it is another run, and that of the old key is over.
    this.endStage(stage, 'ABORT', at, {});
    this.open.set(stage, run);
    this.stageEvent('START', stage, run, at, {});
  }

  private endStage(stage: string, type: EventType, at: string, tags: Record<string, string>): void {
    const run = this.open.get(stage);
    if (!run) return;
    this.open.delete(stage);
    this.stageEvent(type, stage, run, at, { tags: tagsFacet({ ...this.tags(), ...tags }) });
  }

  /** Parked is not ended: a person, or time, makes it go on. */
  private noteParked(stage: string, at: string, message: string): void {
    const run = this.open.get(stage);
    if (run) this.stageEvent('OTHER', stage, run, at, { errorMessage: errorFacet(message) });
  }

  private stop(type: string, message: string, at: string): void {
    const ended = type === 'cancelled' ? 'ABORT' : 'FAIL';
    const error = { errorMessage: errorFacet(`${type}: ${message}`) };
    for (const [stage, run] of this.open) this.stageEvent('ABORT', stage, run, at, error);
    this.open.clear();
    this.campaignEvent(ended, at, error);
  }

  private tags = (): Record<string, string> => ({ simulated: String(this.run.simulated) });

  private campaignEvent(type: EventType, at: string, facets: Record<string, unknown> = {}): void {
    this.add(type, at, this.campaign, 'CAMPAIGN', { tags: tagsFacet(this.tags()), ...facets }, [], []);
  }

  private stageEvent(
    type: EventType,
    id: string,
    run: StageRun,
    at: string,
    facets: Record<string, unknown>,
  ): void {
    const known = this.stages.get(id);
    // What is known is the stage as it was finished last: of a run with another key it says nothing.
    const stage = known?.key === run.key ? known : undefined;
    const about = stage ? facetsOf(stage) : {};
    const all = { parent: parentFacet(this.campaign), tags: tagsFacet(this.tags()), ...about, ...facets };
    const outputs = stage && type === 'COMPLETE' ? outputsOf(stage.result) : [];
    this.add(type, at, run, stage?.kind ?? 'STAGE', all, stage ? inputsOf(stage.statement) : [], outputs);
  }

  private add(
    eventType: EventType,
    eventTime: string,
    { runId: id, namespace, name }: RunName,
    kind: string,
    facets: Record<string, unknown>,
    inputs: unknown[],
    outputs: unknown[],
  ): void {
    this.events.push({
      eventTime,
      eventType,
      producer: PRODUCER,
      schemaURL: SCHEMA,
      run: { runId: id, facets },
      job: { namespace, name, facets: { jobType: jobTypeFacet(kind) } },
      inputs,
      outputs,
    });
  }
}

function facetsOf({ key, statement }: LineageStage): Record<string, unknown> {
  const { buildDefinition, runDetails } = statement.predicate;
  return {
    processing_engine: engineFacet(runDetails.builder.version['pi-loop'] ?? 'unknown'),
    executionParameters: parametersFacet({
      stage_key: key,
      parameters: canonicalJson(buildDefinition.externalParameters.parameters),
      invocation: runDetails.metadata.invocationId,
    }),
  };
}

const compare = (a: string, b: string): number => {
  if (a === b) return 0;
  return a < b ? -1 : 1;
};
