import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { CancelledFailure, type Client, WorkflowFailedError } from '@temporalio/client';
import type { Command } from 'commander';
import type { Campaign } from '../client/campaign';
import { failureMessage } from '../client/failureMessage';
import { holdsOf, standsStill } from '../client/holds';
import { isPassing } from '../client/passingErrors';
import type { CampaignStatus } from '../client/status';
import type { CampaignResult } from '../workflows/messages';
import { CommandError } from './commandError';
import { type CommonOptions, printJson, withCommonOptions } from './options';
import { describeHold } from './render/holds';
import { inertLine } from './render/inert';
import { renderStatus } from './render/progress';
import { ProgressLines } from './render/progressLines';
import { wrap } from './render/textTable';
import { withCampaign } from './withCampaign';

const LOOK_EVERY_MS = 1_000;

export const STAY = [
  '--stay',
  'keep following while nothing runs and the campaign waits for somebody or something',
  false,
] as const;

interface WatchOptions extends CommonOptions {
  stay: boolean;
}

export function registerWatch(program: Command): void {
  withCommonOptions(program.command('watch <campaign>'))
    .description(
      'show a campaign’s progress until it ends or nothing runs any more: live in a terminal, line by line elsewhere',
    )
    .option(...STAY)
    .action((id: string, options: WatchOptions) =>
      withCampaign(options, id, async (campaign, client) => {
        const result = await followCampaign(client, campaign, options);
        if (options.json) printJson(result);
        else console.log(`Campaign "${id}" is finished. \`pi-loop result ${id}\` prints its table.`);
      }),
    );
}

export interface FollowOptions {
  /** Where the progress goes. Default: standard error. */
  output?: NodeJS.WriteStream;
  /** Stops following; the campaign itself goes on. */
  signal?: AbortSignal;
  /** Follow also while nothing runs. Default false: nobody may be there to see what it waits for. */
  stay?: boolean;
}

/** Between two stages nothing may run for a moment; so many looks in a row see that it stays so. */
const STILL_LOOKS = 3;

/**
 * Shows progress until the campaign ends. Errors: CommandError with what failed, or with what holds the campaign when
 * nothing of it runs any more, and what to do.
 */
export async function followCampaign(
  client: Client,
  campaign: Campaign,
  { output = process.stderr, signal, stay = false }: FollowOptions = {},
): Promise<CampaignResult> {
  const show = output.isTTY
    ? liveScreen(output)
    : new ProgressLines((line) => output.write(`${line}\n`)).show;
  for (let stillLooks = 0; ; ) {
    const status = await lookOnce(client, campaign, signal);
    if (signal?.aborted)
      throw new CommandError('Interrupted. The same command goes on from here.', { exitCode: 130 });
    if (status) show(status, new Date());
    if (status && status.closedAt !== null) return resultOf(campaign);
    stillLooks = status && standsStill(status) ? stillLooks + 1 : 0;
    if (status && stillLooks === STILL_LOOKS && !stay) throw heldUp(status, new Date());
    await delay(LOOK_EVERY_MS, undefined, signal ? { signal } : {}).catch(() => undefined);
  }
}

/** Undefined while Temporal is away, and when it is to stop. */
async function lookOnce(
  client: Client,
  campaign: Campaign,
  signal: AbortSignal | undefined,
): Promise<CampaignStatus | undefined> {
  const stop = new AbortController();
  // A call each for the campaign and its child workflows listens to it; a signal that lives longer would gather them.
  setMaxListeners(0, stop.signal);
  const abort = () => stop.abort();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    return await client.withAbortSignal(stop.signal, () => campaign.status());
  } catch (error) {
    if (isPassing(error)) return undefined;
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

function heldUp({ campaign, progress }: CampaignStatus, now: Date): CommandError {
  const holds = progress ? holdsOf(progress) : [];
  return new CommandError(
    [
      `Nothing of campaign "${campaign}" runs any more:`,
      ...holds.map((hold) => inertLine(`- ${describeHold(campaign, hold, now)}`)),
      'What was made is kept, and waiting costs nothing.',
    ].join('\n'),
  );
}

type Show = (status: CampaignStatus, now: Date) => void;

/** Redraws the whole state in place. */
function liveScreen(output: NodeJS.WriteStream): Show {
  let drawn = 0;
  return (status, now) => {
    const width = Math.max(20, output.columns - 1);
    const lines = renderStatus(status, now)
      .split('\n')
      .flatMap((line) => wrap(line, width))
      .map((line) => line.slice(0, width));
    if (drawn > 0) {
      output.moveCursor(0, -drawn);
      output.cursorTo(0);
      output.clearScreenDown();
    }
    output.write(`${lines.join('\n')}\n`);
    drawn = lines.length;
  };
}

/** Errors: CommandError with how the campaign ended, unless it finished. */
async function resultOf(campaign: Campaign): Promise<CampaignResult> {
  try {
    return await campaign.result();
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const end =
      error.cause instanceof CancelledFailure ? 'was cancelled.' : `failed. ${failureMessage(error)}`;
    throw new CommandError(
      `Campaign "${campaign.id}" ${end}\nWhat it made is kept; \`pi-loop start\` goes on from there.`,
      { cause: error },
    );
  }
}
