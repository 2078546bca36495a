import { parseArgs } from 'node:util';
import { TASK_QUEUES } from '../schemas/names';
import { parseQueues, readConfig } from './config';
import { runWorkers } from './runWorkers';

/** `node workers/main.js [--queues general,dialogue]`: workers for the queues, all by default, until told to stop. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { queues: { type: 'string', default: Object.values(TASK_QUEUES).join(',') } },
  });
  const queues = parseQueues(values.queues);
  const workers = await runWorkers(queues, readConfig(process.env), process.env);
  process.once('SIGTERM', workers.stop);
  process.once('SIGINT', workers.stop);
  console.log(JSON.stringify({ event: 'ready', queues }));
  await workers.done;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
