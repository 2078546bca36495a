import { Context } from '@temporalio/activity';
import type { z } from 'zod';

/** What the attempt before this one last kept, or null when there was none or it has another form. */
export function resumedFrom<S extends z.ZodType>(schema: S): z.infer<S> | null {
  const parsed = schema.safeParse(Context.current().info.heartbeatDetails);
  return parsed.success ? parsed.data : null;
}

/** How often an activity says that its worker lives: a lost one is noticed within the heartbeat timeout. */
export const ALIVE_EVERY_MS = 2_000;

/** Keeps a heartbeat going while something else takes its time; call the result to stop. */
export function keepAlive(details: () => unknown, everyMs: number): () => void {
  const context = Context.current();
  context.heartbeat(details());
  const timer = setInterval(() => context.heartbeat(details()), everyMs);
  return () => clearInterval(timer);
}

/** Does the work with a heartbeat all along: fetching and storing large files take longer than a worker may be silent. */
export async function whileAlive<R>(details: () => unknown, work: () => Promise<R>): Promise<R> {
  const stop = keepAlive(details, ALIVE_EVERY_MS);
  try {
    return await work();
  } finally {
    stop();
  }
}
