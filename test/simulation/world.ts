import { createRandom, type Random } from '../../domain/random/random';
import { VirtualClock } from './clock';
import { Ledger } from './ledger';
import { ObjectStorage } from './objectStorage';
import { PolicyServers } from './policyServers';
import { type Files, SimulatedProcess } from './simulatedProcess';
import { TemporalServer } from './temporal/temporalServer';
import type { WorkflowCode } from './temporal/workflowCode';
import type { TrainerChild } from './trainerChild';
import { Worker, WORKERS } from './worker';

/** Until when requests fail, and how large a share of them, 0 to 1. */
export interface Outage {
  until: number;
  share: number;
}

/** Everything there is in one simulation. What happens in it depends on its seed and on what is done to it. */
export class World {
  readonly clock = new VirtualClock();
  readonly random: Random;
  readonly ledger = new Ledger();
  readonly storage = new ObjectStorage(this);
  readonly policyServers = new PolicyServers();
  readonly modelFaults = { outage: { until: 0, share: 0 } as Outage, noQuotaUntil: 0 };
  trainerDiskFullUntil = 0;
  /** Processes of trainers and policy servers that live. */
  readonly children = new Set<TrainerChild>();
  readonly temporal: TemporalServer;
  /** Those that live, one a machine. */
  readonly workers: Worker[];
  /** What happened, a line each: how a failure came about. */
  readonly trace: string[] = [];
  private readonly disks: Files[] = WORKERS.map(() => new Map());

  constructor(seed: number, code: WorkflowCode) {
    this.random = createRandom(seed);
    this.temporal = new TemporalServer(this, code);
    this.workers = WORKERS.map((_, machine) => this.startWorker(machine));
  }

  note(what: string): void {
    this.trace.push(`${(this.clock.elapsed / 1000).toFixed(3).padStart(9)} s  ${what}`);
  }

  /** Kills a machine's worker; another one is started there after a while. */
  kill(machine: number, restartAfterMs: number): void {
    this.workers[machine]?.process.kill();
    this.clock.after(restartAfterMs, null, () => {
      this.workers[machine] = this.startWorker(machine);
      this.temporal.dispatch();
    });
  }

  /** A worker that is asked to stop cancels what it runs, which is given back. */
  stop(machine: number, restartAfterMs: number): void {
    const worker = this.workers[machine];
    if (!worker || worker.process.isDead) return;
    worker.isStopping = true;
    for (const attempt of worker.attempts) attempt.cancel('WORKER_SHUTDOWN');
    this.clock.after(restartAfterMs, null, () => this.kill(machine, 0));
  }

  private startWorker(machine: number): Worker {
    const queue = WORKERS[machine] ?? 'general';
    const disk = this.disks[machine] ?? new Map();
    return new Worker(new SimulatedProcess(this, `${queue}-${machine}`, queue, disk));
  }
}
