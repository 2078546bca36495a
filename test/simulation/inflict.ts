import type { Fault, FaultPlan } from './faultPlan';
import type { People } from './people';
import type { World } from './world';

/** A clock that is set wrong, by at most this much either way. */
const CLOCK_ERROR_MS = 3_600_000;

/** Times what a fault lasts. */
const PAUSES_ARE_LONG = 3;

/** Lets a plan's faults happen at their times. */
export function inflict(world: World, people: People, { faults, longHistory }: FaultPlan): void {
  world.temporal.suggestContinueAsNewAfter = longHistory;
  for (const fault of faults) {
    world.clock.at(fault.at, () => {
      world.note(`fault: ${fault.kind}`);
      return begin(world, people, fault);
    });
  }
}

function begin(world: World, people: People, fault: Fault): unknown {
  const { clock, temporal, modelFaults, storage } = world;
  const { lasts, share } = fault;
  const until = clock.now + lasts;
  switch (fault.kind) {
    case 'store fails':
      return (storage.outage = { until, share });
    case 'models fail':
      return (modelFaults.outage = { until, share });
    case 'no quota':
      return (modelFaults.noQuotaUntil = until);
    case 'disk full':
      return (world.trainerDiskFullUntil = until);
    case 'workflows forgotten':
      temporal.workflowWorkersAwayUntil = until;
      return temporal.forgetWorkflows();
    case 'pause':
      return people.pauseFor(PAUSES_ARE_LONG * lasts);
    case 'raise limit':
      return people.raiseLimit(0.9 + share / 10);
    case 'drop gate':
      return people.dropGates();
    case 'contradict':
      return people.contradict();
    case 'retry':
      return people.retrySomething();
    default:
      return befall(world, fault);
  }
}

function befall(world: World, { kind, machine, lasts, share }: Fault): void {
  const { clock, workers, temporal } = world;
  const process = workers[machine]?.process;
  if (!process) return;
  if (kind === 'kill') world.kill(machine, lasts);
  if (kind === 'stop') world.stop(machine, lasts);
  if (kind === 'freeze') process.frozenUntil = Math.max(process.frozenUntil, clock.now + lasts);
  if (kind === 'freeze') clock.after(lasts, null, () => temporal.dispatch());
  if (kind === 'clock jumps') process.clockError = Math.round((2 * share - 1) * CLOCK_ERROR_MS);
  if (kind === 'server dies') world.policyServers.alive[0]?.exit(null, 'SIGKILL');
  if (kind !== 'cut off') return;
  process.isCutOff = true;
  clock.after(lasts, null, () => {
    process.reconnect();
    temporal.dispatch();
  });
}
