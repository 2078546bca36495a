import type { Command } from 'commander';
import { forget as forgetAll } from '../audit/retention/forget';
import { type ForgetPlan, planForgetting } from '../audit/retention/forgetPlan';
import { digestNeedle, episodeNeedle, type Needle, textNeedle } from '../audit/retention/needle';
import { publishSigner } from '../artifacts/signing/publishSigner';
import { Sha256 } from '../schemas/artifact';
import { CommandError } from './commandError';
import { openStore } from './createStore';
import { printJson } from './options';
import { inert } from './render/inert';
import { count } from './render/numbers';
import { signingKeyFor } from './signingKeyFor';
import { type SteeringOptions, withSteeringOptions } from './withCampaign';

interface ForgetOptions extends SteeringOptions {
  text?: string;
  episode?: string;
  digest?: string;
  withPolicies: boolean;
  yes: boolean;
}

/** Shorter texts stand in too much that nobody meant. */
const SHORTEST_TEXT = 8;

export function registerForget(program: Command): void {
  withSteeringOptions(program.command('forget'))
    .description('delete a text, an episode or a blob from the store for good, leaving signed tombstones')
    .option('--text <text>', 'everything that contains this text')
    .option('--episode <id>', 'the conversation of this episode, its rating, and training rows made of it')
    .option('--digest <sha256>', 'this blob')
    .option('--with-policies', 'also the policies that were trained on it', false)
    .option('--yes', 'delete; without, what would be deleted is shown', false)
    .action(forget);
}

async function forget(options: ForgetOptions): Promise<void> {
  const needle = needleOf(options);
  const store = openStore(options.state);
  try {
    const plan = await planForgetting(store, needle);
    const blobs = [...new Set([...plan.blobs, ...(options.withPolicies ? plan.policies : [])])];
    if (options.yes && blobs.length + plan.documents.length > 0) {
      const key = signingKeyFor(options.state);
      await publishSigner(store, key);
      await forgetAll(store, plan, blobs, { ...options, at: new Date().toISOString() }, key);
    }
    if (options.json) printJson({ ...plan, deleted: options.yes, notReached: NOT_REACHED });
    else console.log(inert(describe(plan, blobs, options)));
  } finally {
    store.close();
  }
}

/** Errors: CommandError with exit code 2. */
function needleOf({ text, episode, digest, why, who }: ForgetOptions): Needle {
  const wanted = [text, episode, digest].filter((one) => one !== undefined);
  const bad = (message: string) => new CommandError(message, { exitCode: 2 });
  if (wanted.length !== 1) throw bad('Say what to forget: one of --text, --episode and --digest.');
  if (digest !== undefined) {
    if (!Sha256.safeParse(digest).success) throw bad('--digest expects 64 lower-case hexadecimal digits.');
    return digestNeedle(digest);
  }
  if (episode !== undefined) return episodeNeedle(episode);
  if (text === undefined || text.trim().length < SHORTEST_TEXT)
    throw bad(`--text expects at least ${SHORTEST_TEXT} characters: a shorter text stands in too much.`);
  if (`${why} ${who}`.includes(text))
    throw bad('--why and --who are kept for good: they may not repeat the text.');
  return textNeedle(text);
}

const NOT_REACHED = [
  "what the models' providers have logged",
  'copies of the bucket, exports and releases outside of it, and earlier versions where the bucket keeps versions',
  "Temporal's own histories until their retention ends",
  'caches and local folders of the workers',
  'what campaigns that run hold in their heartbeats, and may write again: ask once more when they have ended',
];

function describe(plan: ForgetPlan, blobs: readonly string[], options: ForgetOptions): string {
  const did = options.yes ? 'Deleted' : 'Would delete';
  const policies = plan.builtOn.filter(({ outputs }) => outputs.some(({ role }) => role === 'policy'));
  const list = (items: readonly string[]) => items.map((item) => `  ${item}`);
  if (blobs.length + plan.documents.length + plan.bound.length === 0) return 'Nothing in the store holds it.';
  return [
    `${did} ${count(blobs.length)} blobs and ${count(plan.documents.length)} documents.`,
    ...list([...blobs, ...plan.documents]),
    ...(plan.bound.length > 0
      ? [
          'It also stands where nothing can be deleted without breaking the proof of all else:',
          ...list(plan.bound),
        ]
      : []),
    ...(policies.length > 0
      ? [
          options.withPolicies
            ? 'Policies that were built on it:'
            : 'Policies built on it, which stay (--with-policies deletes them):',
          ...list(
            policies.map(
              ({ campaign, stage, outputs }) =>
                `${campaign} ${stage} ${outputs.find(({ role }) => role === 'policy')?.digest ?? ''}`,
            ),
          ),
        ]
      : []),
    'Out of reach of this command:',
    ...list(NOT_REACHED),
    ...(options.yes ? [] : ['Nothing is deleted yet: --yes deletes.']),
  ].join('\n');
}
