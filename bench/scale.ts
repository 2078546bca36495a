import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Campaign } from '../client/campaign';
import { campaignWorkflowId } from '../schemas/names';
import type { BenchCampaign } from './campaign/writeCampaign';
import { describeMachine } from './machine';
import { type Histories, historiesOf } from './measure/histories';
import { wholeNumber } from './options';
import { columns, report, say } from './report';
import { BenchSystem } from './system/benchSystem';
import { describeVersions } from './system/versions';

interface ScaleOptions {
  json: boolean;
  episodes: number;
  few: number;
  latency: number;
  inFlight: number;
}

/** Most by which an episode of the large campaign may cost more than one of the small. */
const GROWTH = 1.1;
const LOOK_EVERY_MS = 500;

export function registerScale(program: Command): void {
  program
    .command('scale')
    .description('one campaign of many episodes beside one of few: what an episode costs must not grow')
    .option('--episodes <n>', 'of the large campaign', wholeNumber, 100_000)
    .option('--few <n>', 'of the small one', wholeNumber, 1_000)
    .option('--latency <ms>', 'of each model call', wholeNumber, 0)
    .option('--in-flight <n>', 'episodes at once', wholeNumber, 256)
    .option('--json', 'print one JSON document', false)
    .action(benchScale);
}

async function benchScale({ episodes, few, latency, inFlight, json }: ScaleOptions): Promise<void> {
  const system = await BenchSystem.start({
    provider: { latencyMs: latency, countRepeated: false },
    slots: inFlight,
  });
  try {
    say(`${few} episodes, not measured: connections are made, code is compiled`);
    await collect(system, { name: 'warm-up', seed: 1, episodes: few, inFlight });
    say(`${few} episodes`);
    const small = await collect(system, { name: 'few', seed: 2, episodes: few, inFlight });
    say(`${episodes} episodes`);
    const large = await collect(system, { name: 'many', seed: 3, episodes, inFlight });
    const document = {
      machine: describeMachine(),
      versions: await describeVersions(),
      settings: { latencyMs: latency, inFlight },
      few: small,
      many: large,
      growth: growthOf(small, large),
      mostAllowed: GROWTH,
    };
    await report('scale', document, json ? undefined : render(document));
    process.exitCode = Object.values(document.growth).every((growth) => growth <= GROWTH) ? 0 : 1;
  } finally {
    await system.stop();
  }
}

/** What a campaign took from its start to the end of its collection. */
interface Collection {
  episodes: number;
  seconds: number;
  cpuMsPerEpisode: { total: number; workers: number; temporal: number; s3: number };
  historyEventsPerEpisode: number;
  historyBytesPerEpisode: number;
  /** Growth of Temporal's database. */
  databaseBytesPerEpisode: number;
  workersPeakBytes: number;
  histories: Histories;
}

async function collect(system: BenchSystem, campaign: Omit<BenchCampaign, 'provider'>): Promise<Collection> {
  const { episodes, name } = campaign;
  const sample = () => ({ at: performance.now(), cpuMs: system.cpuMs(), database: databaseBytes(system) });
  const before = sample();
  const workersPeakBytes = await untilCollected(system, await system.startCampaign(campaign));
  const after = sample();
  const histories = await historiesOf(system.client, campaignWorkflowId(name));
  await system.pi('cancel', name);
  const per = (of: (one: typeof before) => number) => (of(after) - of(before)) / episodes;
  const workers = per(({ cpuMs }) => cpuMs.workers);
  const temporal = per(({ cpuMs }) => cpuMs.temporal);
  const s3 = per(({ cpuMs }) => cpuMs.s3);
  return {
    episodes,
    seconds: (after.at - before.at) / 1000,
    cpuMsPerEpisode: { total: workers + temporal + s3, workers, temporal, s3 },
    historyEventsPerEpisode: histories.events / episodes,
    historyBytesPerEpisode: histories.bytes / episodes,
    databaseBytesPerEpisode: per(({ database }) => database),
    workersPeakBytes,
    histories,
  };
}

/** @returns the largest resident memory of the workers meanwhile */
async function untilCollected(system: BenchSystem, campaign: Campaign): Promise<number> {
  let peak = 0;
  for (;;) {
    const { progress } = await campaign.status();
    peak = Math.max(peak, system.use('workers').residentBytes);
    const collection = progress?.stages.find(({ kind }) => kind === 'collectEpisodes');
    if (collection?.state === 'finished') return peak;
    if (collection?.parking) throw new Error(`the collection is parked: ${collection.parking.message}`);
    await sleep(LOOK_EVERY_MS);
  }
}

/** With its write-ahead log. */
const databaseBytes = ({ state }: BenchSystem): number =>
  ['temporal.db', 'temporal.db-wal'].reduce(
    (sum, file) => sum + (statSync(state.file(file), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );

const growthOf = (few: Collection, many: Collection) => ({
  cpu: many.cpuMsPerEpisode.total / few.cpuMsPerEpisode.total,
  historyEvents: many.historyEventsPerEpisode / few.historyEventsPerEpisode,
  historyBytes: many.historyBytesPerEpisode / few.historyBytesPerEpisode,
  memory: many.workersPeakBytes / many.episodes / (few.workersPeakBytes / few.episodes),
});

interface ScaleDocument {
  machine: object;
  versions: object;
  settings: object;
  few: Collection;
  many: Collection;
  growth: ReturnType<typeof growthOf>;
}

function render({ machine, versions, settings, few, many, growth }: ScaleDocument): string {
  const row = (name: string, of: (one: Collection) => number, digits: number, ratio?: number) => [
    name,
    of(few).toFixed(digits),
    of(many).toFixed(digits),
    ratio === undefined ? '' : `${ratio.toFixed(2)} ×`,
  ];
  return [
    JSON.stringify({ ...machine, ...versions }),
    JSON.stringify(settings),
    '',
    columns([
      ['', `${few.episodes} episodes`, `${many.episodes} episodes`, 'growth'],
      row('seconds', ({ seconds }) => seconds, 0),
      row('CPU ms an episode', ({ cpuMsPerEpisode }) => cpuMsPerEpisode.total, 1, growth.cpu),
      row('events an episode', (one) => one.historyEventsPerEpisode, 3, growth.historyEvents),
      row('history bytes an episode', (one) => one.historyBytesPerEpisode, 0, growth.historyBytes),
      row('worker kB an episode', (one) => one.workersPeakBytes / one.episodes / 1000, 1, growth.memory),
      row('worker MB at most', ({ workersPeakBytes }) => workersPeakBytes / 1e6, 0),
      row('database bytes an episode', (one) => one.databaseBytesPerEpisode, 0),
      row('longest history, events', ({ histories }) => histories.largest.events, 0),
      row('longest history, kB', ({ histories }) => histories.largest.bytes / 1000, 0),
    ]),
  ].join('\n');
}
