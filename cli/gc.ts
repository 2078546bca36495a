import { type Command, InvalidArgumentError } from 'commander';
import { collect } from '../audit/retention/collect';
import { type CollectionPlan, planCollection } from '../audit/retention/collectionPlan';
import { publishSigner } from '../artifacts/signing/publishSigner';
import { CommandError } from './commandError';
import { connectClient } from './connect';
import { openStore } from './createStore';
import { type CommonOptions, parseCampaignId, printJson, withCommonOptions } from './options';
import { count } from './render/numbers';
import { inert } from './render/inert';
import { textTable } from './render/textTable';
import { signingKeyFor } from './signingKeyFor';
import { loginName } from './withCampaign';

interface GcOptions extends CommonOptions {
  keepDays: number;
  drop: string[];
  checkpoints: boolean;
  delete?: string;
  offline: boolean;
  who: string;
  why: string;
}

export function registerGc(program: Command): void {
  withCommonOptions(program.command('gc'))
    .description('say what nobody needs any more, and delete it when told so')
    .option('--keep-days <n>', 'what is younger is kept', parseDays, 2)
    .option(
      '--drop <campaign>',
      'let the data of this campaign go, its log and manifests stay; may be repeated',
      (id: string, before: string[]) => [...before, parseCampaignId(id)],
      [],
    )
    .option('--checkpoints', 'let checkpoints of finished trainings go', false)
    .option(
      '--delete <digest>',
      'delete what the plan of this digest says; refused when it is another by now',
    )
    .option('--offline', 'do not ask Temporal: you vouch that no campaign runs', false)
    .option('--who <name>', 'who deletes, for the record', loginName())
    .option('--why <reason>', 'why, for the record', 'collected as unneeded')
    .action(gc);
}

async function gc(options: GcOptions): Promise<void> {
  const running = options.offline ? [] : await runningCampaigns(options.state);
  const dropped = options.drop.filter((id) => running.includes(id));
  if (dropped.length > 0)
    throw new CommandError(`${dropped.join(', ')} runs: what runs cannot be dropped. Cancel it first.`, {
      exitCode: 2,
    });
  const store = openStore(options.state);
  try {
    const plan = await planCollection(store, { ...options, now: new Date() });
    const deleted = options.delete !== undefined;
    if (deleted) {
      assertStill(plan, options.delete ?? '', running);
      const key = signingKeyFor(options.state);
      await publishSigner(store, key);
      await collect(store, plan, { ...options, at: new Date().toISOString() }, key);
    }
    if (options.json) printJson({ ...plan, deleted, running });
    else console.log(inert(describe(plan, deleted, options)));
  } finally {
    store.close();
  }
}

/** Errors: CommandError, when what goes is another by now, or may be wanted while it goes. */
function assertStill(plan: CollectionPlan, digest: string, running: readonly string[]): void {
  if (plan.digest !== digest)
    throw new CommandError(
      `The plan is another by now: ${plan.digest}. Look at it again (the same options, without --delete).`,
    );
  if (running.length > 0)
    throw new CommandError(
      `${running.join(', ')} runs. A running campaign may at any moment find again what was made before, so nothing is deleted beside it. Try again when it has ended.`,
    );
}

/** Errors: CommandError when Temporal cannot be asked. */
async function runningCampaigns(state: string): Promise<string[]> {
  const { client, close } = await connectClient(state).catch((cause: unknown) => {
    throw new CommandError(
      'Temporal cannot be asked which campaigns run. Start it, or say --offline if you know that none does.',
      { cause },
    );
  });
  try {
    const running = new Set<string>();
    // Whoever archives the histories of a campaign that has ended still writes to the store.
    for await (const { workflowId } of client.workflow.list({ query: 'ExecutionStatus = "Running"' }))
      running.add(/^campaign\/([^/]+)/.exec(workflowId)?.[1] ?? workflowId);
    return [...running].sort();
  } finally {
    await close();
  }
}

function describe(plan: CollectionPlan, deleted: boolean, options: GcOptions): string {
  const { kept, gone } = plan;
  const reasons = new Map<string, { objects: number; bytes: number }>();
  for (const { why, bytes } of gone) {
    const sum = reasons.get(why) ?? { objects: 0, bytes: 0 };
    reasons.set(why, { objects: sum.objects + 1, bytes: sum.bytes + bytes });
  }
  const table = textTable(
    [
      { title: deleted ? 'deleted' : 'would go', align: 'right' },
      { title: 'bytes', align: 'right' },
      { title: 'why', align: 'left' },
    ],
    [...reasons].map(([why, { objects, bytes }]) => [count(objects), count(bytes), why]),
  );
  const same = [
    '--keep-days',
    String(options.keepDays),
    ...options.drop.flatMap((id) => ['--drop', id]),
    ...(options.checkpoints ? ['--checkpoints'] : []),
  ].join(' ');
  return [
    ...(gone.length === 0 ? ['Nothing can go.'] : table),
    '',
    `${count(kept.blobs)} blobs (${count(kept.bytes)} bytes) are held by ${kept.campaigns.join(', ') || 'no campaign'}; ${count(kept.young)} are younger than ${options.keepDays} days.`,
    ...(kept.unfinished.length > 0
      ? [`Not finished, so all that it has begun is kept: ${kept.unfinished.join(', ')}.`]
      : []),
    ...(deleted || gone.length === 0
      ? []
      : [`\`--json\` names each object. To delete exactly this: pi-loop gc ${same} --delete ${plan.digest}`]),
  ].join('\n');
}

function parseDays(text: string): number {
  const days = Number(text);
  if (text.trim() !== '' && days >= 0) return days;
  throw new InvalidArgumentError('expected a number of days');
}
