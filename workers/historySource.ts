import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import type { HistorySource, WorkflowRun } from '../activities/histories';

type History = Awaited<ReturnType<ReturnType<Client['workflow']['getHandle']>['fetchHistory']>>;
type Event = NonNullable<History['events']>[number];

/** Histories from Temporal's server. */
export const historySource = (client: Pick<Client, 'workflow'>): HistorySource => ({
  async fetch({ workflow, run }) {
    try {
      const history = await client.workflow.getHandle(workflow, run).fetchHistory();
      const events = history.events ?? [];
      return {
        // The SDK indents its JSON, which makes half of it spaces.
        json: JSON.stringify(JSON.parse(historyToJSON(history))),
        isClosed: isEnd(events.at(-1)),
        started: events.flatMap((event) => startedBy(workflow, event)),
      };
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return null;
      throw error;
    }
  },
});

const isEnd = (event: Event | undefined): boolean =>
  Boolean(
    event?.workflowExecutionCompletedEventAttributes ??
      event?.workflowExecutionFailedEventAttributes ??
      event?.workflowExecutionCanceledEventAttributes ??
      event?.workflowExecutionTerminatedEventAttributes ??
      event?.workflowExecutionTimedOutEventAttributes ??
      event?.workflowExecutionContinuedAsNewEventAttributes,
  );

function startedBy(workflow: string, event: Event): WorkflowRun[] {
  const next = event.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
  if (next) return [{ workflow, run: next }];
  const child = event.childWorkflowExecutionStartedEventAttributes?.workflowExecution;
  return child?.workflowId && child.runId ? [{ workflow: child.workflowId, run: child.runId }] : [];
}
