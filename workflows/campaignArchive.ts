import { ParentClosePolicy, startChild, workflowInfo } from '@temporalio/workflow';
import type { WorkflowRun } from '../activities/histories';
import { archiveWorkflowId } from '../schemas/names';
import { archiveHistories } from './activityProxies';
import { LogWriter, type CarriedLog } from './logWriter';

export interface CampaignArchiveInput extends WorkflowRun {
  campaign: string;
  log: CarriedLog;
}

/** Keeps the histories of a campaign's last run and of its children, once it has ended: Temporal forgets them. */
export async function campaignArchive({
  campaign,
  log: carried,
  ...run
}: CampaignArchiveInput): Promise<void> {
  const log = new LogWriter(campaign, carried);
  log.add({ kind: 'histories-archived', histories: await archiveHistories(run) });
  await log.written();
}

/** Has this run's history kept after its end, which is soon. */
export async function archiveThisRun(campaign: string, log: CarriedLog): Promise<void> {
  const { workflowId: workflow, runId: run } = workflowInfo();
  await startChild(campaignArchive, {
    workflowId: archiveWorkflowId(campaign, run),
    parentClosePolicy: ParentClosePolicy.ABANDON,
    args: [{ campaign, workflow, run, log }],
  });
}

/** Keeps the histories of the run that this one continues; one that Temporal has lost already stays lost. */
export async function archiveRunBefore(log: LogWriter): Promise<void> {
  const { workflowId: workflow, continuedFromExecutionRunId: run } = workflowInfo();
  if (!run || !log.isEnabled) return;
  const histories = await archiveHistories({ workflow, run }).catch(() => []);
  if (histories.length > 0) log.add({ kind: 'histories-archived', histories });
}
