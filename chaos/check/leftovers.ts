import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Finding } from '../check';
import { processesNaming } from '../system/processes';

/** What ends with a campaign ends within so long: a policy server answers what it was asked first. */
const ENDS_WITHIN_MS = 20_000;
const LOOK_EVERY_MS = 200;

/** Once campaigns have ended, no workflow runs any more. */
export async function checkWorkflows(client: Client): Promise<Finding> {
  const running = async () => {
    const ids: string[] = [];
    for await (const { workflowId } of client.workflow.list({ query: 'ExecutionStatus = "Running"' }))
      ids.push(workflowId);
    return ids;
  };
  const left = await leftAfter(running, ENDS_WITHIN_MS);
  return { promise: 'no workflow is stuck', problems: left.map((id) => `workflow ${id} still runs`) };
}

/** @param marks occur, all of them, in the command lines of the processes that are to be gone */
export async function checkProcesses(
  promise: string,
  marks: readonly [string, ...string[]],
  withinMs = ENDS_WITHIN_MS,
): Promise<Finding> {
  const look = async () =>
    processesNaming(marks[0])
      .filter(({ command }) => marks.every((mark) => command.includes(mark)))
      .map(({ pid, command }) => `process ${pid} still runs: ${command}`);
  const left = await leftAfter(look, withinMs);
  return { promise, problems: left };
}

/** What is there when nothing goes any more. */
async function leftAfter(look: () => Promise<string[]>, withinMs: number): Promise<string[]> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const left = await look();
    if (left.length === 0 || performance.now() > deadline) return left;
    await sleep(LOOK_EVERY_MS);
  }
}
