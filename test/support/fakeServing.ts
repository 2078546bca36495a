import { Context } from '@temporalio/activity';

/** A fake `servePolicy` that serves until it is cancelled, as the real one does, and notes both. */
export const serving =
  (log: string[]) =>
  async ({ policy }: { policy: { name: string } }): Promise<void> => {
    log.push(`serve ${policy.name}`);
    await untilCancelled().finally(() => log.push(`stop ${policy.name}`));
  };

/** What a long activity does: it lives until it is told to stop. Errors: the cancellation. */
export async function untilCancelled(): Promise<never> {
  const { cancelled, heartbeat } = Context.current();
  const alive = setInterval(() => heartbeat(), 50);
  try {
    return await cancelled;
  } finally {
    clearInterval(alive);
  }
}
