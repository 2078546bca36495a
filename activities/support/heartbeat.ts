import { Context } from '@temporalio/activity';
import type { z } from 'zod';

/** What the attempt before this one last kept, or null when there was none or it has another form. */
export function resumedFrom<S extends z.ZodType>(schema: S): z.infer<S> | null {
  const parsed = schema.safeParse(Context.current().info.heartbeatDetails);
  return parsed.success ? parsed.data : null;
}

/** Keeps a heartbeat going while something else takes its time; call the result to stop. */
export function keepAlive(details: () => unknown, everyMs: number): () => void {
  const context = Context.current();
  context.heartbeat(details());
  const timer = setInterval(() => context.heartbeat(details()), everyMs);
  return () => clearInterval(timer);
}
