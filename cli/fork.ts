import type { Command } from 'commander';
import type { ArtifactStore } from '../artifacts/artifactStore';
import { digestOfJson } from '../artifacts/canonicalJson';
import { Campaigns } from '../client/campaigns';
import { assertForksAt, ForkError, type Setting, withSettings } from '../domain/plan/forkPlan';
import { Name } from '../schemas/name';
import { MEDIA_TYPES } from '../schemas/names';
import type { Plan } from '../schemas/plan';
import { CommandError } from './commandError';
import { connectClient } from './connect';
import { openStore } from './createStore';
import { type Forecast, forecast } from './fork/forecast';
import { type Parent, readParent, readPlanDigest } from './fork/parent';
import { parseSetting } from './fork/settings';
import { type CommonOptions, parseCampaignId, printJson, withCommonOptions } from './options';
import { renderForecast } from './render/forkTable';
import { inert } from './render/inert';
import { resolveCampaign } from './resolveCampaign';

interface ForkOptions extends CommonOptions {
  at: string;
  set: Setting[];
  id?: string;
  file?: string;
  yes: boolean;
}

export function registerFork(program: Command): void {
  withCommonOptions(program.command('fork <campaign>'))
    .description('start a new campaign from a stage of another one; what comes before is reused')
    .requiredOption('--at <stage>', 'the first stage that differs, such as BC+SR/filter')
    .option(
      '--set <path=value>',
      'another value of a parameter of that stage; may be repeated',
      parseSetting,
      [],
    )
    .option('--file <file>', 'take the plan of this changed campaign file instead of --set')
    .option(
      '--id <id>',
      "id of the new campaign; default: made of the parent's id and what differs",
      parseCampaignId,
    )
    .option('--yes', 'start it; without, what would be reused is shown and nothing is started', false)
    .action(fork);
}

interface Fork {
  plan: Plan;
  upload(store: ArtifactStore): Promise<string>;
}

async function fork(campaign: string, options: ForkOptions): Promise<void> {
  const store = openStore(options.state);
  try {
    const parent = await readParent(store, campaign);
    const planned = await planFork(parent, options);
    const forecasted = await forecast(store, planned.plan, parent);
    if (!options.json) console.log(inert(describe(parent, planned.plan, forecasted, options)));
    const started = options.yes && (await start(store, parent, planned, options));
    if (options.json)
      printJson({
        campaign: planned.plan.campaign,
        parent: pointer(parent, options),
        started,
        ...forecasted,
      });
    else if (started) {
      const { campaign: id } = planned.plan;
      console.log(`Campaign "${id}" started. \`pi-loop watch ${id}\` shows its progress.`);
    } else console.log('Nothing is started yet: --yes starts it.');
  } finally {
    store.close();
  }
}

const pointer = ({ campaign, head }: Parent, { at }: ForkOptions) => ({ campaign, stage: at, head });

/** Errors: CommandError with exit code 2 for what cannot be forked so. */
async function planFork(parent: Parent, options: ForkOptions): Promise<Fork> {
  const { at, set, file, id } = options;
  if ((file === undefined) === (set.length === 0))
    throw new CommandError('Say what differs: by --set, or by --file, and not by both.', { exitCode: 2 });
  try {
    const planned =
      file === undefined
        ? ofSettings(parent, options)
        : await resolveCampaign(file, { campaign: id ?? idOf(parent, file) });
    if (planned.plan.campaign === parent.campaign)
      throw new ForkError('A fork needs an id of its own: give another --id.');
    assertForksAt(parent.plan, planned.plan, at);
    return planned;
  } catch (error) {
    if (error instanceof ForkError) throw new CommandError(error.message, { exitCode: 2 });
    throw error;
  }
}

function ofSettings(parent: Parent, { at, set, id }: ForkOptions): Fork {
  const plan = { ...withSettings(parent.plan, at, set), campaign: id ?? idOf(parent, [at, set]) };
  const upload = async (store: ArtifactStore) =>
    (await store.putJson(plan, 'plan.json', MEDIA_TYPES.plan)).digest.sha256;
  return { plan, upload };
}

/** The same fork asked for twice is the same campaign. */
function idOf({ campaign }: Parent, change: unknown): string {
  const id = `${campaign}-${digestOfJson(change).slice(0, 6)}`;
  if (Name.safeParse(id).success) return id;
  throw new CommandError(`"${id}" cannot be the id of a campaign: give one by --id.`, { exitCode: 2 });
}

async function start(store: ArtifactStore, parent: Parent, { plan, upload }: Fork, options: ForkOptions) {
  const { client, close } = await connectClient(options.state);
  try {
    const { campaign } = plan;
    const digest = await upload(store);
    const other = await readPlanDigest(store, campaign);
    if (other !== null && other !== digest)
      throw new CommandError(
        `There is a campaign "${campaign}" already, with another plan. Give another --id.`,
        {
          exitCode: 2,
        },
      );
    await new Campaigns(client).start({
      campaign,
      plan: digest,
      parent: pointer(parent, options),
    });
    return true;
  } finally {
    await close();
  }
}

const describe = (parent: Parent, { campaign }: Plan, forecasted: Forecast, { at }: ForkOptions): string =>
  [`Campaign ${campaign}, forked from ${parent.campaign} at ${at}`, '', renderForecast(forecasted)].join(
    '\n',
  );
