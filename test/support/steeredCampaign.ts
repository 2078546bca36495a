import { ApplicationFailure, QueryNotRegisteredError } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { campaignWorkflowId, TASK_QUEUES } from '../../schemas/names';
import { trainingCampaign } from '../../workflows';
import { type CampaignProgress, campaignProgress } from '../../workflows/messages';
import { fakeActivities } from './fakeCampaign';
import { serving } from './fakeServing';
import { until } from './processes';
import type { FakeActivities } from './temporalServer';

let number = 0;

/** A campaign of the fake activities' outline, with a name of its own. */
export function startSteeredCampaign(environment: TestWorkflowEnvironment) {
  const campaign = `steered-${++number}`;
  return environment.client.workflow.start(trainingCampaign, {
    workflowId: campaignWorkflowId(campaign),
    taskQueue: TASK_QUEUES.orchestration,
    args: [{ campaign, plan: 'plan' }],
  });
}
export type Handle = Awaited<ReturnType<typeof startSteeredCampaign>>;

export const progressOf = (handle: Handle): Promise<CampaignProgress> => handle.query(campaignProgress);

/** Undefined while a new run has not come to its handlers yet. */
export async function stageOf(handle: Handle, id: string) {
  const progress = await progressOf(handle).catch((error: unknown) => {
    if (error instanceof QueryNotRegisteredError) return null;
    throw error;
  });
  return progress?.stages.find((stage) => stage.id === id);
}

export const untilStage = (handle: Handle, id: string, state: string) =>
  until(`stage ${id} is ${state}`, async () => (await stageOf(handle, id))?.state === state);

/** Of a run that waits: it has had the history of the one before archived, and nothing else. */
const QUIET_EVENTS = 20;

/** The newest run waits, and has done nothing else from its beginning. */
export const untilQuiet = (handle: Handle) =>
  until('the campaign only waits', async () => {
    const { historyLength, memo, raw } = await handle.describe();
    const isBusy = (raw.pendingActivities ?? []).length > 0 || Boolean(raw.pendingWorkflowTask);
    return Boolean(memo?.['waiting']) && !isBusy && historyLength > 3 && historyLength < QUIET_EVENTS;
  });

/** Fakes of which one fails as long as the test says. */
export function failing(type: string) {
  const fakes = fakeActivities();
  const fault = { on: true };
  const filterEpisodes = async () => {
    if (fault.on) throw ApplicationFailure.nonRetryable(`${type} happened`, type);
    return fakes.activities.filterEpisodes();
  };
  const activities = { ...fakes.activities, servePolicy: serving(fakes.log), filterEpisodes };
  return { ...fakes, fault, activities: activities as FakeActivities };
}
