import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { Hosts } from './limits/hosts';
import { LIMITED_MODEL, mostWithin, startLimitedProvider, type TimedCall } from './limits/provider';
import { describeMachine } from './machine';
import { wholeNumber } from './options';
import { columns, report, say } from './report';

interface LimitsOptions {
  json: boolean;
  limit: number;
  seconds: number;
  latency: number;
}

/** Two hosts, the clock of the second ahead; the first campaign has three times the workers of the other. */
const WORKERS = [
  { campaigns: ['first'], clockAheadMs: 0 },
  { campaigns: ['first', 'second'], clockAheadMs: 0 },
  { campaigns: ['first'], clockAheadMs: 30_000 },
];
const MINUTE_MS = 60_000;
const WARM_UP_SECONDS = 5;
/** A storm, and the calm after it: long enough to adapt to each and to show what is used then. */
const STORM_SECONDS = 45;
/** What the provider allows in the storm, as a share of the limit. */
const ALLOWED = 0.25;
/** Throughput is that of so many seconds. */
const WINDOW_SECONDS = 5;

export function registerLimits(program: Command): void {
  program
    .command('limits')
    .description(
      'two campaigns on two hosts that share a limit, then a provider that allows less for a while',
    )
    .option('--limit <n>', 'calls a minute', wholeNumber, 1200)
    .option('--seconds <n>', 'under the limit; a minute and more shows whole minutes', wholeNumber, 90)
    .option('--latency <ms>', 'of each call', wholeNumber, 500)
    .option('--json', 'print one JSON document', false)
    .action(benchLimits);
}

async function benchLimits({ json, limit, seconds, latency }: LimitsOptions): Promise<void> {
  const { provider, calls } = await startLimitedProvider(limit, latency);
  const hosts = await Hosts.start();
  const rateLimited = () => provider.counts().turnedAway.rateLimited;
  try {
    const caller = { provider: provider.baseUrl, requestsPerMinute: limit, atOnce: 40 };
    await Promise.all(WORKERS.map((worker) => hosts.startCaller({ ...caller, ...worker })));
    say(`${WORKERS.length} workers of two campaigns under a limit of ${limit} a minute`);
    await sleep(1000 * (WARM_UP_SECONDS + seconds));
    const steady = describeSteady(calls, limit, seconds, rateLimited());
    say(`the provider allows ${ALLOWED} of it and says nothing of how long to wait`);
    provider.change({
      retryAfter: 'none',
      burstSeconds: 1,
      models: { [LIMITED_MODEL]: { requestsPerMinute: ALLOWED * limit } },
    });
    const storm = {
      ...(await adaptation(calls, (ALLOWED * limit) / 60)),
      refused: rateLimited() - steady.refused,
    };
    say('the provider allows all of it again');
    provider.change({ models: { [LIMITED_MODEL]: { requestsPerMinute: limit } } });
    const calm = await adaptation(calls, limit / 60);
    const settings = { limit, seconds, latencyMs: latency, allowed: ALLOWED };
    const document = { machine: describeMachine(), settings, steady, storm, calm };
    await report('limits', document, json ? undefined : render(document));
  } finally {
    await hosts.stop();
    await provider.stop();
  }
}

function describeSteady(calls: readonly TimedCall[], limit: number, seconds: number, refused: number) {
  const now = performance.now();
  const steady = calls.filter(({ at }) => at > now - 1000 * seconds);
  const first = steady.filter(({ campaign }) => campaign === 'first').length;
  return {
    used: steady.length / ((limit * seconds) / 60),
    mostInAMinute: mostWithin(calls, MINUTE_MS),
    mostInTenSeconds: mostWithin(calls, 10_000),
    shareOfFirst: first / steady.length,
    refused,
  };
}

/** Watches for a while how throughput comes to what is allowed now. */
async function adaptation(calls: readonly TimedCall[], allowedASecond: number) {
  const began = performance.now();
  await sleep(1000 * STORM_SECONDS);
  const perSecond = (from: number) => {
    const within = calls.filter(
      ({ at }) => at >= began + 1000 * from && at < began + 1000 * (from + WINDOW_SECONDS),
    );
    return within.length / WINDOW_SECONDS;
  };
  const windows = Array.from({ length: STORM_SECONDS - WINDOW_SECONDS }, (_, second) => perSecond(second));
  const adapted = windows.findIndex((rate) => rate >= 0.9 * allowedASecond && rate <= 1.1 * allowedASecond);
  const after = calls.filter(({ at }) => at >= began + 30_000 && at < began + 1000 * STORM_SECONDS);
  return {
    secondsToAdapt: adapted < 0 ? null : adapted + WINDOW_SECONDS,
    usedAfterThirtySeconds: after.length / (allowedASecond * (STORM_SECONDS - 30)),
  };
}

type Steady = ReturnType<typeof describeSteady>;
type Adaptation = Awaited<ReturnType<typeof adaptation>>;

interface LimitsDocument {
  machine: object;
  settings: object;
  steady: Steady;
  storm: Adaptation & { refused: number };
  calm: Adaptation;
}

function render({ machine, settings, steady, storm, calm }: LimitsDocument): string {
  const adapted = ({ secondsToAdapt, usedAfterThirtySeconds }: Adaptation) => [
    secondsToAdapt === null ? 'never' : String(secondsToAdapt),
    usedAfterThirtySeconds.toFixed(3),
  ];
  return [
    JSON.stringify(machine),
    JSON.stringify(settings),
    '',
    columns([
      ['under the limit', ''],
      ['of the limit used', steady.used.toFixed(3)],
      ['most calls in any minute', String(steady.mostInAMinute)],
      ['most calls in any ten seconds', String(steady.mostInTenSeconds)],
      ["the first campaign's part", steady.shareOfFirst.toFixed(3)],
      ['calls refused', String(steady.refused)],
    ]),
    '',
    columns([
      ['', 'seconds to adapt', 'used after 30 s'],
      ['the provider allows less', ...adapted(storm)],
      ['and all again', ...adapted(calm)],
    ]),
    `calls refused while it allowed less: ${storm.refused}`,
  ].join('\n');
}
