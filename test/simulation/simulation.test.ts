import { auditProblems } from './audit';
import { demoCampaign, type SimulatedCampaign } from './campaign';
import { problemsOf, rowProblems } from './checks';
import { describeFault, faultPlan, type FaultPlan } from './faultPlan';
import { simulate, type Simulation } from './simulate';
import { WorkflowCode } from './temporal/workflowCode';
import { virtualiseGlobals } from './virtualGlobals';

jest.mock('@aws-sdk/client-s3', () => jest.requireActual('./edges/s3Client'));
jest.mock('node:fs/promises', () => jest.requireActual('./edges/files'));
jest.mock('node:timers/promises', () => jest.requireActual('./edges/timersPromises'));
jest.mock('../../workers/buildIdentity', () => jest.requireActual('./edges/buildIdentity'));
jest.mock('../../activities/models/chatClient', () => jest.requireActual('./edges/chatClient'));
jest.mock('../../activities/support/trainerProcess', () => jest.requireActual('./edges/trainerProcess'));

/** SIMULATION_PLANS=5000 npx jest test/simulation tries more of them. */
const PLANS = Number(process.env['SIMULATION_PLANS'] ?? 40);
/** SIMULATION_SEED=17 npx jest test/simulation replays one plan and tells all that happened. */
const SEED = process.env['SIMULATION_SEED'];
/** Many plans that fail mostly fail for one reason. */
const MOST_FAILURES = 3;

const CALM: FaultPlan = { faults: [], calmAt: 0, longHistory: 4_096 };

let code: WorkflowCode;
let campaign: SimulatedCampaign;
let undisturbed: Simulation;
let restore: () => void;
beforeAll(async () => {
  code = await WorkflowCode.bundle();
  campaign = demoCampaign();
  restore = virtualiseGlobals();
  undisturbed = await simulate(campaign, code, 0, CALM);
});
afterAll(() => restore());

/** All that is wrong with one plan's campaign, and how to see it again; null when nothing is. */
async function failureOf(seed: number): Promise<string | null> {
  const plan = faultPlan(seed);
  const { problems, trace } = await simulate(campaign, code, seed, plan).then(
    async (simulation) => ({
      problems: [...problemsOf(simulation, undisturbed), ...(await auditProblems(simulation))],
      trace: simulation.world.trace,
    }),
    (error: Error) => ({ problems: [error.message], trace: [] }),
  );
  if (problems.length === 0) return null;
  const told = SEED ? trace : [`SIMULATION_SEED=${seed} npx jest test/simulation tells all that happened.`];
  return [`seed ${seed}`, ...plan.faults.map(describeFault), ...problems, ...told].join('\n  ');
}

test('whatever goes wrong, a campaign ends with what the undisturbed one makes, and pays little twice', async () => {
  const failures: string[] = [];
  const seeds = SEED ? [Number(SEED)] : Array.from({ length: PLANS }, (_, index) => index + 1);
  for (const seed of seeds) {
    const failure = await failureOf(seed);
    if (failure) failures.push(failure);
    if (failures.length === MOST_FAILURES) break;
  }
  expect(failures.join('\n\n')).toBe('');
}, 900_000);

test('equal seeds give equal simulations, event by event', async () => {
  const traceOf = async () => (await simulate(campaign, code, 7, faultPlan(7))).world.trace;
  expect(await traceOf()).toEqual(await traceOf());
});

test('the undisturbed campaign pays for each call once, and is itself without fault', async () => {
  const { result, world } = undisturbed;
  const stages = result.stages.filter(({ id }) => id !== 'tasks');
  expect(world.ledger.paid).toHaveLength(stages.reduce((sum, { cost }) => sum + cost.calls, 0));
  expect([...problemsOf(undisturbed, undisturbed), ...rowProblems(undisturbed)]).toEqual([]);
  expect(await auditProblems(undisturbed)).toEqual([]);
});
