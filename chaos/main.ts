import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CHECKOUT } from '../deploy/local/checkout';
import { ChaosRun } from './chaosRun';
import type { Finding } from './check';
import { disturb } from './disturb';
import { type PlannedFault, planFaults } from './plan';
import { type Reference, referenceFor } from './reference';
import { type ChaosReport, describeFault, describeOutcome, renderReport } from './report';

const USAGE = `usage: npm run chaos -- --seed N --minutes M [options]

Plays a campaign of several rounds while the seed's faults happen to it, and checks that it ends with the same digests
as undisturbed, that nothing is lost or paid for twice, and that nothing is left running. Exits with 1 when it does not.

  --seed N          which faults (default 1); the same seed gives the same plan
  --minutes M       for how long at least (default 2); the campaign is played again until then
  --campaign FILE   another campaign, with simulated models
  --state DIR       folder for runs and references (default .pi-loop-chaos)
  --keep            keep the run's folder even when everything holds
  --json            print one JSON document
  --help            this text
`;

const OPTIONS = {
  seed: { type: 'string', default: '1' },
  minutes: { type: 'string', default: '2' },
  campaign: { type: 'string', default: join(CHECKOUT, 'chaos/campaign.yaml') },
  state: { type: 'string', default: '.pi-loop-chaos' },
  keep: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

interface ChaosOptions {
  seed: number;
  minutes: number;
  campaign: string;
  state: string;
  keep: boolean;
}

/** After the last fault, a campaign that has not ended within so long is stuck. */
const ENDS_WITHIN_MS = 5 * 60_000;

const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function chaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seed, minutes, campaign, state } = options;
  const plan = planFaults(seed, minutes);
  say(`seed ${seed}, ${minutes} minutes, ${plan.length} faults:`);
  for (const fault of plan) say(`${fault.atSeconds.toFixed(1).padStart(6)} s  ${describeFault(fault)}`);
  const reference = await referenceFor(campaign, state, say);
  const folder = join(state, `seed-${seed}`);
  const run = await ChaosRun.open(folder, seed);
  const { outcomes, calls, findings, left } = await survive(run, plan, reference, options);
  const { passes, system } = run;
  const compared = passes.map(({ seconds, content }) => ({
    seconds,
    outputs: Object.keys(reference.content).length,
    differing: differences(reference, content),
  }));
  const found = [...findings, left].flatMap(({ problems }) => problems);
  const holds = found.length === 0 && compared.every(({ differing }) => differing.length === 0);
  if (holds && !options.keep) rmSync(folder, { recursive: true, force: true });
  return {
    seed,
    minutes,
    campaign,
    holds,
    plan,
    undisturbedSeconds: reference.seconds,
    passes: compared,
    outcomes: outcomes.map(({ overAtSeconds, atRisk, recoveredAfterSeconds }, number) => ({
      number,
      overAtSeconds,
      atRisk,
      recoveredAfterSeconds,
    })),
    calls: { ...calls, repeated: calls.answered - calls.recorded },
    deaths: system.deaths,
    findings: [...findings, left],
    replay: `npm run chaos -- --seed ${seed} --minutes ${minutes}`,
  };
}

/** Plays the campaign, again when it ends early, while the faults happen; then checks what is left of it all. */
async function survive(
  run: ChaosRun,
  plan: readonly PlannedFault[],
  { asked }: Reference,
  { campaign, minutes }: ChaosOptions,
) {
  let left: Finding | undefined;
  try {
    await run.begin(campaign);
    const until = performance.now() + minutes * 60_000;
    const disturbing = disturb(run, plan, (outcome) => say(describeOutcome(outcome)));
    const [ended, outcomes] = await Promise.all([playUntil(run, campaign, until), disturbing]);
    const strikes = outcomes.flatMap((outcome) => outcome.strikes ?? []);
    const { findings, calls } = await run.check(strikes, asked);
    left = await run.close();
    return { outcomes, calls, findings: [ended, ...findings], left };
  } finally {
    if (!left) await run.close();
  }
}

async function playUntil(run: ChaosRun, campaign: string, until: number): Promise<Finding> {
  const promise = 'the campaign ends by itself';
  try {
    await run.end(until + ENDS_WITHIN_MS);
    while (performance.now() < until) {
      await run.begin(campaign);
      await run.end(until + ENDS_WITHIN_MS);
    }
    return { promise, problems: [] };
  } catch (error) {
    return { promise, problems: [error instanceof Error ? error.message : String(error)] };
  }
}

/** Outputs that came out otherwise, are missing, or should not be there. */
const differences = (reference: Reference, content: Record<string, string>): string[] =>
  [...new Set([...Object.keys(reference.content), ...Object.keys(content)])].filter(
    (output) => reference.content[output] !== content[output],
  );

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const report = await chaos({
    seed: numberOf('seed', values.seed, 0),
    minutes: numberOf('minutes', values.minutes, 0.5),
    campaign: resolve(values.campaign),
    state: resolve(values.state),
    keep: values.keep,
  });
  process.stdout.write(`${values.json ? JSON.stringify(report, null, 2) : renderReport(report)}\n`);
  process.exitCode = report.holds ? 0 : 1;
}

function numberOf(option: string, value: string, least: number): number {
  const number = Number(value);
  if (value.trim() !== '' && Number.isFinite(number) && number >= least) return number;
  throw new Error(`--${option}: expected a number from ${least}, found "${value}"`);
}

main().catch((error: unknown) => {
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  // Whatever still runs ends with this process.
  process.exit(1);
});
