import type { CampaignResult } from '../../workflows/messages';
import type { SimulatedCampaign } from './campaign';
import type { FaultPlan } from './faultPlan';
import { inflict } from './inflict';
import { People, WORKFLOW_ID } from './people';
import type { WorkflowCode } from './temporal/workflowCode';
import type { WorkflowEnd } from './temporal/workflowRun';
import { World } from './world';

/** Nothing takes longer: stages that are parked are tried again at least every hour. */
const LONGEST_MS = 1_800_000;
/** Of a campaign that does not end, to be told. */
const LAST_EVENTS = 100;
/** Until those who were cut off have heard that nobody waits for them any more. */
const SETTLING_MS = 60_000;

/** A campaign that came to its end, and the world it left. */
export interface Simulation {
  world: World;
  people: People;
  result: CampaignResult;
}

/** Runs a campaign to its end under a plan of faults. Errors: the campaign's; that it does not end. */
export async function simulate(
  campaign: SimulatedCampaign,
  code: WorkflowCode,
  seed: number,
  plan: FaultPlan,
): Promise<Simulation> {
  const world = new World(seed, code);
  for (const [key, bytes] of campaign.objects) world.storage.objects.set(key, bytes);
  let end: WorkflowEnd | undefined;
  const people = new People(world, campaign, plan, () => end !== undefined);
  inflict(world, people, plan);
  const input = { campaign: campaign.plan.campaign, plan: campaign.digest };
  world.temporal.start(WORKFLOW_ID, 'trainingCampaign', input, (its) => {
    world.note('the campaign ends');
    end = its;
  });
  try {
    await world.clock.runUntil(() => end !== undefined, LONGEST_MS);
    let settled = false;
    world.clock.at(Math.max(world.clock.elapsed, plan.calmAt) + SETTLING_MS, () => {
      settled = true;
    });
    await world.clock.runUntil(() => settled, LONGEST_MS);
    if (!end || 'error' in end) throw end?.error ?? new Error('the campaign has no end');
    return { world, people, result: end.result as CampaignResult };
  } catch (error) {
    throw new Error([(error as Error).stack, ...world.trace.slice(-LAST_EVENTS)].join('\n  '), {
      cause: error,
    });
  }
}
