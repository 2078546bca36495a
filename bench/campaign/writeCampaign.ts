import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { agentProfile, environmentProfile } from './profiles';

export interface BenchCampaign {
  name: string;
  /** Default 1; campaigns over one bucket with the same seed share what they make. */
  seed?: number;
  episodes: number;
  /** Episodes played at once. */
  inFlight: number;
  /** Address of the provider, without a path. */
  provider: string;
}

/** Social tasks that the collection's episodes are spread over. */
const TASKS = 100;
const AGENTS = 24;
/** More than are needed: one that resembles the held-out task is kept out. */
const ENVIRONMENTS = 140;
const MAX_TURNS = 20;

/** Writes profiles in Sotopia's format. @returns the folder */
export function writeProfiles(folder: string): string {
  mkdirSync(folder, { recursive: true });
  writeLines(join(folder, 'agents.jsonl'), AGENTS, agentProfile);
  writeLines(join(folder, 'environments.jsonl'), ENVIRONMENTS, environmentProfile);
  return folder;
}

/**
 * Writes a campaign whose first round collects so many episodes of twenty turns. Nothing else of it takes part: no
 * policy is trained or evaluated before that collection has ended. @returns the campaign file
 */
export function writeCampaign(folder: string, campaign: BenchCampaign): string {
  writeProfiles(folder);
  mkdirSync(join(folder, 'policy'), { recursive: true });
  writeFileSync(join(folder, 'policy', 'config.json'), '{}\n');
  const file = join(folder, `${campaign.name}.yaml`);
  writeFileSync(file, JSON.stringify(specOf(campaign), null, 2));
  return file;
}

/** JSON is YAML. */
const specOf = ({ name, seed = 1, episodes, inFlight, provider }: BenchCampaign) => {
  const tasks = Math.min(TASKS, episodes);
  const speaker = { baseUrl: `${provider}/sotopia/v1`, model: 'fixed-latency', simulated: true };
  return {
    name,
    seed,
    models: {
      expert: speaker,
      partner: speaker,
      judge: { baseUrl: `${provider}/judge/v1`, model: 'fixed-latency', simulated: true },
    },
    policy: { base: { directory: 'policy' } },
    tasks: { profiles: { agents: 'agents.jsonl' }, import: { environments: 'environments.jsonl' } },
    rounds: [
      {
        name: 'BC',
        kind: 'BC',
        tasks,
        pairsPerTask: Math.ceil(episodes / tasks),
        filter: { policy: 'paper-bc' },
        training: { steps: 1, tokensPerBatch: 512, learningRate: 0.001, maxLength: 512, checkpointEvery: 1 },
      },
    ],
    episodes: { maxTurns: MAX_TURNS },
    evaluation: { tasks: 1, policies: [], references: [] },
    execution: { episodesInFlight: inFlight },
  };
};

function writeLines(file: string, count: number, make: (number: number) => object): void {
  writeFileSync(
    file,
    Array.from({ length: count }, (_, number) => `${JSON.stringify(make(number))}\n`).join(''),
  );
}
