import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, ServiceError } from '@temporalio/client';
import type { Campaign } from '../client/campaign';
import { Campaigns } from '../client/campaigns';
import { built } from '../deploy/local/checkout';
import type { CampaignResult } from '../workflows/messages';

const LOOK_EVERY_MS = 500;

/** Starts a campaign as a person does. @param environment the person's @throws with what the command said */
export async function startCampaign(
  client: Client,
  environment: Record<string, string>,
  file: string,
  id: string,
): Promise<Campaign> {
  await pi(['start', '--json', '--id', id, file], environment);
  return new Campaigns(client).find(id);
}

/** The plan of a campaign, with the digests of its files, as JSON. @throws with what the command said */
export const planOf = (file: string): Promise<string> => pi(['plan', '--json', file], {});

async function pi(args: string[], environment: Record<string, string>): Promise<string> {
  const child = spawn(process.execPath, [built('cli/main.js'), ...args], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [output, errors, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  if (code === 0) return output;
  throw new Error(`pi-loop ${args.join(' ')} ended with ${code}:\n${output}${errors}`);
}

/**
 * Waits for a campaign's end across all outages.
 * @throws with the campaign's state when it has not ended by the deadline, as of `performance.now()`
 */
export async function resultOf(campaign: Campaign, deadline: number): Promise<CampaignResult> {
  for (;;) {
    const state = await passing(() => campaign.handle.describe());
    if (state && state.status.name !== 'RUNNING') return campaign.result();
    if (performance.now() > deadline) throw new Error(await describeStuck(campaign));
    await sleep(LOOK_EVERY_MS);
  }
}

async function describeStuck(campaign: Campaign): Promise<string> {
  const status = await passing(() => campaign.status());
  return `campaign "${campaign.id}" has not ended in time: ${JSON.stringify(status, null, 2)}`;
}

/** Null while Temporal is away. */
async function passing<R>(ask: () => Promise<R>): Promise<R | null> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ServiceError) return null;
    throw error;
  }
}

/** Digests of everything a campaign made, by stage and role: what must not depend on how often it was disturbed. */
export const contentOf = ({ stages }: Pick<CampaignResult, 'stages'>): Record<string, string> =>
  Object.fromEntries(
    stages.flatMap(({ id, outputs }) =>
      Object.entries(outputs).map(([role, { digest }]) => [`${id}/${role}`, digest.sha256] as const),
    ),
  );
