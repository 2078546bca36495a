import { setTimeout as delay } from 'node:timers/promises';
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  WorkflowFailedError,
} from '@temporalio/client';
import type { Command } from 'commander';
import type { CampaignResult } from '../workflows/messages';
import { type CampaignHandle, type CampaignStatus, findCampaign, readStatus } from './campaigns';
import { CommandError } from './commandError';
import { connect } from './connect';
import { type CommonOptions, printJson, withCommonOptions } from './options';
import { renderStatus } from './render/progress';
import { ProgressLines } from './render/progressLines';

const LOOK_EVERY_MS = 1_000;

export function registerWatch(program: Command): void {
  withCommonOptions(program.command('watch <campaign>'))
    .description('show a campaign’s progress until it ends: live in a terminal, line by line elsewhere')
    .action(async (campaign: string, options: CommonOptions) => {
      const { client, close } = await connect(options.state);
      try {
        const result = await followCampaign(await findCampaign(client, campaign));
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
  handle: CampaignHandle,
  { output = process.stderr, signal }: FollowOptions = {},
): Promise<CampaignResult> {
  const stop = new AbortController();
  const result = Promise.race([handle.result(), aborted(signal)]).finally(() => stop.abort());
  const show = output.isTTY
    ? liveScreen(output)
    : new ProgressLines((line) => output.write(`${line}\n`)).show;
  const [outcome] = await Promise.allSettled([result, showUntil(stop.signal, handle, show)]);
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

async function showUntil(signal: AbortSignal, handle: CampaignHandle, show: Show): Promise<void> {
  const ended = afterLastLook(signal);
  // A signal of its own for each look: the client leaves its listeners on the signal.
  const look = () => handle.client.withAbortSignal(AbortSignal.any([ended]), () => readStatus(handle));
  for (;;) {
    // A campaign whose worker is away cannot be asked; it is looked at again.
    const status = await look().catch(() => undefined);
    if (status) show(status, new Date());
    if (signal.aborted) return;
    await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** A look that is under way when the campaign ends has this long to arrive. */
const LAST_LOOK_MS = 500;

function afterLastLook(signal: AbortSignal): AbortSignal {
  const ended = new AbortController();
  signal.addEventListener('abort', () => setTimeout(() => ended.abort(), LAST_LOOK_MS), { once: true });
  return ended.signal;
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

/** The message of the failure underneath Temporal's wrappers. */
function explain(error: unknown): Error {
  if (!(error instanceof WorkflowFailedError))
    return error instanceof Error ? error : new Error(String(error));
  let cause: Error | undefined = error.cause;
  while ((cause instanceof ActivityFailure || cause instanceof ChildWorkflowFailure) && cause.cause)
    cause = cause.cause;
  if (cause instanceof CancelledFailure)
    return new CommandError(
      'The campaign was cancelled. What it made is kept; starting it again goes on from there.',
    );
  const type = cause instanceof ApplicationFailure && cause.type ? `${cause.type}: ` : '';
  return new CommandError(
    `The campaign failed. ${type}${cause?.message ?? error.message}\nWhat was finished is kept; starting the campaign again goes on from there.`,
    { cause: error },
  );
}
