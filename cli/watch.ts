import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { CancelledFailure, type Client, WorkflowFailedError } from '@temporalio/client';
import type { Command } from 'commander';
import type { CampaignResult } from '../workflows/messages';
import {
  type CampaignHandle,
  type CampaignStatus,
  failureMessage,
  findCampaign,
  readStatus,
} from './campaigns';
import { CommandError } from './commandError';
import { connectClient } from './connect';
import { type CommonOptions, printJson, withCommonOptions } from './options';
import { renderStatus } from './render/progress';
import { ProgressLines } from './render/progressLines';

const LOOK_EVERY_MS = 1_000;

export function registerWatch(program: Command): void {
  withCommonOptions(program.command('watch <campaign>'))
    .description('show a campaign’s progress until it ends: live in a terminal, line by line elsewhere')
    .action(async (campaign: string, options: CommonOptions) => {
      const { client, close } = await connectClient(options.state);
      try {
        const result = await followCampaign(client, await findCampaign(client, campaign));
        if (options.json) printJson(result);
        else
          console.log(`Campaign "${campaign}" is finished. \`pi-loop result ${campaign}\` prints its table.`);
      } finally {
        await close();
      }
    });
}

export interface FollowOptions {
  /** Where the progress goes. Default: standard error. */
  output?: NodeJS.WriteStream;
  /** Stops following; the campaign itself goes on. */
  signal?: AbortSignal;
}

/** Shows progress until the campaign ends. Errors: CommandError with what failed and what to do. */
export async function followCampaign(
  client: Client,
  handle: CampaignHandle,
  { output = process.stderr, signal }: FollowOptions = {},
): Promise<CampaignResult> {
  const stop = new AbortController();
  const result = Promise.race([handle.result(), aborted(signal)]).finally(() => stop.abort());
  const show = output.isTTY
    ? liveScreen(output)
    : new ProgressLines((line) => output.write(`${line}\n`)).show;
  const [outcome] = await Promise.allSettled([result, showUntil(stop.signal, client, handle, show)]);
  if (outcome.status === 'fulfilled') return outcome.value;
  throw explain(outcome.reason);
}

function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    const stop = () =>
      reject(new CommandError('Interrupted. The same command goes on from here.', { exitCode: 130 }));
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop, { once: true });
  });
}

type Show = (status: CampaignStatus, now: Date) => void;

async function showUntil(
  signal: AbortSignal,
  client: Client,
  handle: CampaignHandle,
  show: Show,
): Promise<void> {
  for (;;) {
    // A server that is away for a moment is looked at again.
    const status = await lookOnce(signal, client, handle).catch(() => undefined);
    if (status) show(status, new Date());
    if (signal.aborted) return;
    await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** A look that is under way when the campaign ends has this long to arrive. */
const LAST_LOOK_MS = 500;

async function lookOnce(
  signal: AbortSignal,
  client: Client,
  handle: CampaignHandle,
): Promise<CampaignStatus> {
  const tooLate = new AbortController();
  // A call each for the campaign and its child workflows listens to it.
  setMaxListeners(0, tooLate.signal);
  const soon = () => void setTimeout(() => tooLate.abort(), LAST_LOOK_MS);
  if (signal.aborted) soon();
  else signal.addEventListener('abort', soon, { once: true });
  try {
    return await client.withAbortSignal(tooLate.signal, () => readStatus(client, handle));
  } finally {
    signal.removeEventListener('abort', soon);
  }
}

/** Redraws the whole state in place. */
function liveScreen(output: NodeJS.WriteStream): Show {
  let drawn = 0;
  return (status, now) => {
    const lines = renderStatus(status, now)
      .split('\n')
      .map((line) => line.slice(0, Math.max(20, output.columns - 1)));
    if (drawn > 0) {
      output.moveCursor(0, -drawn);
      output.cursorTo(0);
      output.clearScreenDown();
    }
    output.write(`${lines.join('\n')}\n`);
    drawn = lines.length;
  };
}

function explain(error: unknown): Error {
  if (!(error instanceof WorkflowFailedError))
    return error instanceof Error ? error : new Error(String(error));
  if (error.cause instanceof CancelledFailure)
    return new CommandError(
      'The campaign was cancelled. What it made is kept; starting it again goes on from there.',
    );
  return new CommandError(
    `The campaign failed. ${failureMessage(error)}\nWhat was finished is kept; starting the campaign again goes on from there.`,
    { cause: error },
  );
}
