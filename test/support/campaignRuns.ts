import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CampaignHandle } from '../../client/campaignHandle';
import { Campaigns } from '../../client/campaigns';
import { connect, type Connected } from '../../cli/connect';
import { resolveCampaign } from '../../cli/resolveCampaign';
import { type LocalRuntime, startLocalRuntime } from '../../deploy/local/localRuntime';
import type { CampaignResult } from '../../workflows/messages';

export const TINY = join(__dirname, '..', 'fixtures', 'tiny.yaml');
export const LORA = join(__dirname, '..', 'fixtures', 'lora.yaml');

export interface RunningSystem extends Connected {
  runtime: LocalRuntime;
  state: string;
  /** Starts a campaign file under an id of its own. */
  start(file: string, campaign: string): Promise<CampaignHandle>;
}

/** A whole local runtime with a state directory of its own. */
export async function startSystem(): Promise<RunningSystem> {
  const state = await mkdtemp(join(tmpdir(), 'pi-loop-test-'));
  const runtime = await startLocalRuntime({ stateDirectory: state });
  const connected = await connect(state);
  return {
    ...connected,
    runtime,
    state,
    start: async (file, campaign) => {
      const resolved = await resolveCampaign(file, { campaign });
      const plan = await resolved.upload(connected.store);
      return (await new Campaigns(connected.client).start({ campaign, plan })).campaign.handle;
    },
    close: async () => {
      await connected.close();
      await runtime.stop();
      await rm(state, { recursive: true, force: true });
    },
  };
}

/** Digests of everything a campaign made, by stage and role: what must not depend on how often it was disturbed. */
export const contentOf = (result: CampaignResult): Record<string, string> =>
  Object.fromEntries(
    result.stages.flatMap(({ id, outputs }) =>
      Object.entries(outputs).map(([role, { digest }]) => [`${id}/${role}`, digest.sha256] as const),
    ),
  );
