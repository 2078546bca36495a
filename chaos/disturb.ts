import { setTimeout as sleep } from 'node:timers/promises';
import type { Strike } from './calls';
import type { ChaosRun } from './chaosRun';
import { type PlannedFault, type Target, type WorkerName, WORKERS } from './plan';
import { strike } from './strike';

/** What became of a planned fault. Seconds from the start of the run. */
export interface Outcome {
  fault: PlannedFault;
  /** When it was over; what was to be replaced then runs again. */
  overAtSeconds: number;
  /** Null when there was nobody to strike. */
  strikes: Strike[] | null;
  /** Calls that it may have cost; null when there was nobody to strike. */
  atRisk: number | null;
  /** From then on until the struck workers were answered again; null when they had nothing to ask for a while. */
  recoveredAfterSeconds: number | null;
}

const IDLE_AFTER_MS = 20_000;
const LOOK_EVERY_MS = 50;

/** Does the planned faults to a run, each at its time, whether or not the ones before it are over. */
export async function disturb(
  run: ChaosRun,
  plan: readonly PlannedFault[],
  tell: (outcome: Outcome) => void,
): Promise<Outcome[]> {
  const started = performance.now();
  const elapsed = () => (performance.now() - started) / 1000;
  const outcomes = plan.map(async (fault): Promise<Outcome> => {
    await sleep(fault.atSeconds * 1000);
    const context = { system: run.system, campaign: () => run.campaign, mark: run.mark };
    const strikes = await strike(context, fault);
    const overAtSeconds = elapsed();
    const recoveredAfterSeconds = strikes && (await recovery(run, struckWorkers(fault)));
    const atRisk = strikes && run.atRisk(strikes);
    const outcome = { fault, overAtSeconds, strikes, atRisk, recoveredAfterSeconds };
    tell(outcome);
    return outcome;
  });
  return Promise.all(outcomes);
}

/** Seconds until one of the workers is answered again. */
async function recovery(run: ChaosRun, workers: readonly WorkerName[]): Promise<number | null> {
  const from = performance.now();
  while (performance.now() < from + IDLE_AFTER_MS) {
    const last = run.system.answeredLast(workers);
    if (last > from) return (last - from) / 1000;
    await sleep(LOOK_EVERY_MS);
  }
  return null;
}

/** Whose work a process is; that of servers is everybody's. */
const HOSTS: Partial<Record<Target, WorkerName>> = {
  ...Object.fromEntries(WORKERS.map((worker) => [worker, worker])),
  trainer: 'gpu-train',
  'policy-server': 'gpu-serve',
};

function struckWorkers(fault: PlannedFault): readonly WorkerName[] {
  switch (fault.kind) {
    case 'kill':
    case 'freeze': {
      const worker = HOSTS[fault.target];
      return worker === undefined ? WORKERS : [worker];
    }
    case 'network':
      return fault.worker === 'all' ? WORKERS : [fault.worker];
    case 'disk-full':
    case 'clock':
      return [fault.worker];
    default:
      return WORKERS;
  }
}
