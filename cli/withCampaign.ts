import { userInfo } from 'node:os';
import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import type { Campaign } from '../client/campaign';
import { Campaigns } from '../client/campaigns';
import { connectClient } from './connect';
import { type CommonOptions, withCommonOptions } from './options';

/** Does something with a campaign over a connection to Temporal alone. Errors: CampaignError NOT_FOUND. */
export async function withCampaign(
  { state }: Pick<CommonOptions, 'state'>,
  id: string,
  use: (campaign: Campaign, client: Client) => Promise<void>,
): Promise<void> {
  const { client, close } = await connectClient(state);
  try {
    await use(await new Campaigns(client).find(id), client);
  } finally {
    await close();
  }
}

export interface SteeringOptions extends CommonOptions {
  who: string;
  why: string;
}

/** Options of every command that changes the course of a campaign. @param usualWhy without it, a reason must be given */
export function withSteeringOptions(command: Command, usualWhy?: string): Command {
  withCommonOptions(command).option('--who <name>', 'who asks, for the record', loginName());
  return usualWhy === undefined
    ? command.requiredOption('--why <reason>', 'why, for the record')
    : command.option('--why <reason>', 'why, for the record', usualWhy);
}

/** In a container the user may have no name. */
export function loginName(): string {
  try {
    return userInfo().username;
  } catch {
    return process.env['USER'] ?? 'somebody';
  }
}
