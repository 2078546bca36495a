import { allHandlersFinished, condition, makeContinueAsNewFunc, upsertMemo } from '@temporalio/workflow';
import type { PlanOutline } from '../activities/stages';
import type { StageResult } from '../schemas/plan';
import { general } from './activityProxies';
import { CampaignState } from './campaignState';
import type {
  CampaignResult,
  CarriedState,
  FinishedStage,
  StageProgress,
  TrainingCampaignInput,
} from './messages';
import { PlanRun } from './planRun';
import { Steering } from './steering';

type OutlinedStage = PlanOutline['stages'][number];

/** The last stage of every plan. */
const RESULTS = 'results';

/**
 * Runs a campaign's plan to its end. A stage that cannot go on is parked; once nothing runs any more, the campaign
 * continues as a new run that does nothing but wait. So waiting costs nothing, and the code may be changed meanwhile:
 * what comes after the wait is decided by the code of that day, from what the store holds.
 */
export async function trainingCampaign(input: TrainingCampaignInput): Promise<CampaignResult> {
  const state = new CampaignState(input);
  const steering = new Steering(state);
  if (input.carried?.quiet) await untilWanted(state, input.carried);

  const { plan } = state;
  const outline = await general.loadPlan({ plan });
  state.follow(outline);
  const run = new PlanRun(state, outline);
  const results = await run.run();
  await condition(() => steering.isRecorded && allHandlersFinished());
  if (!results) return goOnAsNewRun(state, run.hasNothingToDo);

  const result = describeResult(state, outline, results);
  await general.recordCampaign(result);
  return result;
}

/** Until somebody acts on what holds the campaign, or a parked stage is due. */
async function untilWanted(state: CampaignState, { steering }: CarriedState): Promise<void> {
  const { nextTryIn } = state;
  // What came with the start may have been done already, before anything was waited for.
  const known = steering.at(-1)?.number ?? 0;
  const wanted = () => state.lastSteering > known && !state.paused;
  if (nextTryIn === null) await condition(wanted);
  else await condition(wanted, Math.max(1, nextTryIn));
  // Nothing runs that would have to be stopped for another plan.
  state.restarting = false;
  upsertMemo({ waiting: null });
}

/** @param quiet whether the new run has nothing to do before somebody asks or a parked stage is due */
function goOnAsNewRun(state: CampaignState, quiet: boolean): Promise<never> {
  const memo = { plan: state.plan, waiting: quiet ? state.waitsOn : null };
  return makeContinueAsNewFunc<typeof trainingCampaign>({ memo })(state.carry(quiet));
}

function describeResult(
  { campaign, plan, stages }: CampaignState,
  outline: PlanOutline,
  results: ReadonlyMap<string, StageResult>,
): CampaignResult {
  const table = results.get(RESULTS)?.outputs['results'];
  if (!table) throw new Error('the plan has no stage that compares evaluations');
  const finished = outline.stages.map((stage) =>
    describe(stage, results.get(stage.id), stages.get(stage.id)),
  );
  return { campaign, plan, results: table, stages: finished };
}

function describe(
  stage: OutlinedStage,
  result: StageResult | undefined,
  progress: StageProgress | undefined,
): FinishedStage {
  if (!result) throw new Error(`stage ${stage.id} has no result`);
  const { key, seconds, outputs, counts, cost } = result;
  const after = [...new Set(Object.values(stage.inputs).map((input) => input.stage))];
  return { id: stage.id, key, seconds, reused: progress?.state === 'reused', after, outputs, counts, cost };
}
