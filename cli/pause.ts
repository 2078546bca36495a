import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Campaign } from '../client/campaign';
import { standsStill } from '../client/holds';
import type { CampaignStatus } from '../client/status';
import { TASK_QUEUES } from '../schemas/names';
import { printJson } from './options';
import { describeAsker } from './render/holds';
import { type SteeringOptions, withCampaign, withSteeringOptions } from './withCampaign';

const LOOK_EVERY_MS = 500;

interface PauseOptions extends SteeringOptions {
  wait: boolean;
}

export function registerPause(program: Command): void {
  withSteeringOptions(program.command('pause <campaign>'), 'paused by hand')
    .description('stop all stages at their next checkpoint or turn and free their slots, until `resume`')
    .option('--no-wait', 'come back at once; do not wait until everything has stopped')
    .action((id: string, options: PauseOptions) =>
      withCampaign(options, id, async (campaign) => {
        const before = await campaign.status();
        const already = before.closedAt === null ? (before.progress?.paused ?? null) : null;
        const record = already ?? (await campaign.pause(options));
        if (options.wait) await untilStopped(campaign);
        const freed = options.wait ? slotsOf(before) : {};
        if (options.json) return printJson({ ...record, already: already !== null, freed });
        const how = already
          ? `already, by ${describeAsker(already, new Date())}.`
          : `now. ${options.wait ? describeFreed(freed) : 'What runs stops at its next checkpoint or turn.'}`;
        console.log(`Campaign "${id}" is paused ${how} \`pi-loop resume ${id}\` goes on from there.`);
      }),
    );
}

/** Says on standard error what is still to stop. A campaign that ends meanwhile has stopped as well. */
async function untilStopped(campaign: Campaign): Promise<void> {
  let said = '';
  for (;;) {
    const status = await campaign.status();
    if (status.closedAt !== null || standsStill(status)) return;
    const running = status.progress?.stages.filter(({ state }) => state === 'running') ?? [];
    const waits = `Stopping ${running.map(({ id }) => id).join(', ')} …`;
    if (running.length > 0 && waits !== said) console.error(waits);
    said = waits;
    await delay(LOOK_EVERY_MS);
  }
}

/** Queues of which a slot is worth something. */
const SCARCE: readonly string[] = [TASK_QUEUES.dialogue, TASK_QUEUES.gpuTrain, TASK_QUEUES.gpuServe];

/** Slots that a campaign holds, by task queue. */
function slotsOf({ activities }: CampaignStatus): Record<string, number> {
  const slots: Record<string, number> = {};
  for (const { taskQueue, untaken } of activities)
    if (untaken === null && SCARCE.includes(taskQueue)) slots[taskQueue] = (slots[taskQueue] ?? 0) + 1;
  return slots;
}

function describeFreed(freed: Record<string, number>): string {
  const slots = Object.entries(freed).map(
    ([queue, count]) => `${count} ${count === 1 ? 'slot' : 'slots'} of ${queue}`,
  );
  return slots.length === 0 ? 'It held no slot.' : `Freed: ${slots.join(', ')}.`;
}
