import type { Info } from '@temporalio/activity';

/** Names one attempt of an activity, for what it holds: workflow run, activity and attempt number. */
export const holderOf = ({ workflowExecution, activityId, attempt }: Info): string =>
  `${workflowExecution?.runId}/${activityId}/${attempt}`;
