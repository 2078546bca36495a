import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { TASK_QUEUES } from '../schemas/names';
import { describeMachine } from './machine';
import { measurePlaying, type Playing } from './measure/playing';
import { wholeNumber } from './options';
import { Peer } from './peer/peer';
import { columns, report, say } from './report';
import { BenchSystem } from './system/benchSystem';
import { describeVersions } from './system/versions';

interface EpisodesOptions {
  json: boolean;
  latency: number;
  inFlight: number;
  seconds: number;
  peer: boolean;
}

/** Twenty turns and a rating. */
const CALLS = 21;
/** So many that all batches in the window are whole ones: they get smaller towards the end of a collection. */
const EPISODES = 20_000;
const { dialogue, ...otherQueues } = TASK_QUEUES;
/** A process has one thread for its conversations: one for each core, as a cluster would have them. */
const DIALOGUE_WORKERS = Array.from({ length: availableParallelism() }, (_, index) => ({
  name: `dialogue-${index + 1}`,
  queues: [dialogue],
}));
const WARM_UP_WAVES = 2;
/** The peer has no compiler to warm up. */
const PEER_WARM_UP_WAVES = 1;

export function registerEpisodes(program: Command): void {
  program
    .command('episodes')
    .description('episodes played and rated a second, and their CPU time, beside the limit and the peer')
    .option('--latency <ms>', 'of each model call', wholeNumber, 200)
    .option('--in-flight <n>', 'episodes at once', wholeNumber, 256)
    .option('--seconds <n>', 'shortest steady window', wholeNumber, 30)
    .option('--no-peer', 'leave the peer out')
    .option('--json', 'print one JSON document', false)
    .action(benchEpisodes);
}

async function benchEpisodes(options: EpisodesOptions): Promise<void> {
  const { latency, inFlight, seconds } = options;
  const limit = (inFlight * 1000) / (CALLS * latency);
  const system = await BenchSystem.start({
    provider: { latencyMs: latency, countRepeated: false },
    slots: Math.ceil(inFlight / DIALOGUE_WORKERS.length),
    workers: [...DIALOGUE_WORKERS, { name: 'other-workers', queues: Object.values(otherQueues) }],
  });
  try {
    const measured = await measureSystem(system, options);
    await system.runtime.stop();
    const peer = options.peer ? await measurePeer(system, options) : null;
    const document = {
      machine: describeMachine(),
      versions: await describeVersions(),
      settings: { latencyMs: latency, inFlight, seconds, callsPerEpisode: CALLS },
      limit,
      measured: { ofLimit: measured.episodesPerSecond / limit, ...measured },
      peer: peer && { ofLimit: peer.episodesPerSecond / limit, ...peer },
    };
    await report('episodes', document, options.json ? undefined : render(document));
  } finally {
    await system.stop();
  }
}

async function measureSystem(system: BenchSystem, { inFlight, seconds }: EpisodesOptions) {
  say(`π-loop: a campaign of ${EPISODES} episodes, ${inFlight} at once`);
  await system.startCampaign({ name: 'episodes', episodes: EPISODES, inFlight });
  const { provider } = system;
  const cpuMs = () => system.cpuMs();
  return measurePlaying({ provider, judge: 'judge', inFlight, seconds, warmUpWaves: WARM_UP_WAVES, cpuMs });
}

async function measurePeer({ provider, state }: BenchSystem, { inFlight, seconds }: EpisodesOptions) {
  say(`peer: the package sotopia, ${inFlight} episodes at once`);
  const peer = await Peer.start(provider, inFlight, state);
  const cpuMs = () => ({ peer: peer.cpuMs() });
  const warmUpWaves = PEER_WARM_UP_WAVES;
  try {
    return await measurePlaying({ provider, judge: 'peer-judge', inFlight, seconds, warmUpWaves, cpuMs });
  } finally {
    await peer.stop();
  }
}

interface EpisodesDocument {
  machine: object;
  versions: object;
  settings: object;
  limit: number;
  measured: Playing<'workers' | 'temporal' | 's3'> & { ofLimit: number };
  peer: (Playing<'peer'> & { ofLimit: number }) | null;
}

function render({ machine, versions, settings, limit, measured, peer }: EpisodesDocument): string {
  const row = (name: string, of: (one: Playing<string> & { ofLimit: number }) => number, digits: number) => [
    name,
    of(measured).toFixed(digits),
    ...(peer ? [of(peer).toFixed(digits), `${(of(measured) / of(peer)).toFixed(2)} ×`] : []),
  ];
  const { workers, temporal, s3 } = measured.cpuMsPerEpisode;
  return [
    JSON.stringify({ ...machine, ...versions }),
    JSON.stringify(settings),
    '',
    columns([
      ['', 'π-loop', ...(peer ? ['sotopia', 'ratio'] : [])],
      row('episodes a second', (one) => one.episodesPerSecond, 2),
      row(`of the limit of ${limit.toFixed(2)}`, (one) => one.ofLimit, 3),
      row('CPU ms an episode', (one) => one.cpuMsPerEpisode['total'] ?? 0, 1),
      row('calls an episode', (one) => one.callsPerEpisode, 2),
      row('kB asked an episode', (one) => one.requestKilobytesPerEpisode, 0),
    ]),
    '',
    `π-loop's CPU: workers ${workers.toFixed(1)} ms, Temporal ${temporal.toFixed(1)} ms, S3 ${s3.toFixed(1)} ms an episode`,
  ].join('\n');
}
