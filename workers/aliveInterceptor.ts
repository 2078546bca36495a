import { Context } from '@temporalio/activity';
import type { ActivityInboundCallsInterceptor } from '@temporalio/worker';
import { ALIVE_EVERY_MS, keepAlive } from '../activities/support/heartbeat';

/** Lets activities that keep no details of their own say that their worker lives. */
export function aliveInterceptor(): { inbound: ActivityInboundCallsInterceptor } {
  return {
    inbound: {
      async execute(input, next) {
        const { heartbeatDetails } = Context.current().info;
        const stop = keepAlive(() => heartbeatDetails, ALIVE_EVERY_MS);
        try {
          return await next(input);
        } finally {
          stop();
        }
      },
    },
  };
}
