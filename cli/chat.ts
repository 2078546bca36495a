import { writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Bucket } from '../artifacts/bucket';
import { readJsonBlob, saveBlob } from '../audit/readBlob';
import { explainedInChat } from '../chat/chatError';
import { type Scene, setScene } from '../chat/scene';
import { type Chat, talk } from '../chat/talk';
import { built, CHECKOUT } from '../deploy/local/checkout';
import { requireTool } from '../deploy/local/tools';
import { DirectoryListing } from '../schemas/artifact';
import { CommandError } from './commandError';
import { Keyboard } from './keyboard';
import { type BucketOptions, openBucket, withBucketOptions } from './openBucket';
import { parseCampaignId, printJson } from './options';
import { renderRating, renderScene, renderTranscript, renderTurn } from './render/chat';
import { inert } from './render/inert';
import { variablesOf } from './variables';

interface ChatCommandOptions extends BucketOptions {
  campaign?: string;
  task?: string;
  transcript?: string;
}

export function registerChat(program: Command): void {
  withBucketOptions(program.command('chat <policy>'))
    .description(
      'talk to a policy (a name in the result table, or a digest) in a social task, then see how the judge rates you both; each line of standard input is a turn, /help lists what you can do',
    )
    .option(
      '--campaign <id>',
      'whose policy, rules and judge; default: the only campaign with such a policy',
      parseCampaignId,
    )
    .option('--task <id>', 'the social task; default: the first that the campaign evaluates on')
    .option('--transcript <file>', 'write scene, conversation and rating into this file, as text')
    .action(chat);
}

async function chat(policy: string, options: ChatCommandOptions): Promise<void> {
  const { bucket, close } = openBucket(options);
  const broken = new AbortController();
  const interrupt = () =>
    broken.abort(
      new CommandError('Interrupted: all that was started has ended, nothing is kept.', { exitCode: 130 }),
    );
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    const scene = await setScene(bucket, { ...options, policy }).catch(explained(2));
    const conversing = { ...options, interrupt, signal: broken.signal };
    const done = await converse(bucket, scene, conversing).catch(explained(1));
    if (options.transcript !== undefined)
      await writeFile(options.transcript, inert(renderTranscript(scene, done)));
    if (options.json) printJson({ campaign: scene.campaign, policy: scene.policy, ...done });
    else console.log(inert(renderRating(scene, done)));
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    close();
  }
}

const explained =
  (exitCode: 1 | 2) =>
  (error: unknown): never => {
    const message = explainedInChat(error);
    throw message === undefined ? error : new CommandError(message, { cause: error, exitCode });
  };

interface Conversing extends ChatCommandOptions {
  interrupt(): void;
  signal: AbortSignal;
}

/** Standard output is for one JSON document where that is asked for: the conversation is then on standard error. */
async function converse(
  bucket: Bucket,
  scene: Scene,
  { state, json, interrupt, signal }: Conversing,
): Promise<Chat> {
  const variables = variablesOf(state);
  const python = requireTool('trainerPython', variables);
  const screen = json ? process.stderr : process.stdout;
  const say = (text: string) => void screen.write(`${inert(text)}\n`);
  say(renderScene(scene));
  const show = (turn: Parameters<typeof renderTurn>[1]) => say(renderTurn(scene, turn));
  const person = new Keyboard({ screen, say, show, interrupt, signal });
  try {
    return await talk(scene, {
      folders: {
        saveBlob: ({ sha256 }, path) => saveBlob(bucket, sha256, path),
        getListing: ({ digest }) => readJsonBlob(bucket, digest.sha256, DirectoryListing),
      },
      trainer: {
        python,
        sources: join(CHECKOUT, 'trainer/src'),
        scratch: variables['PI_LOOP_SCRATCH'] ?? join(homedir(), '.cache', 'pi-loop', 'scratch'),
      },
      simulator: built('simulator/main.js'),
      variables,
      person,
      signal,
      tell: say,
    });
  } finally {
    person.close();
  }
}
