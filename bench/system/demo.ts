import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { built } from '../../deploy/local/checkout';

const interval = { low: z.number(), high: z.number() };

/** What `demo --json` prints, as far as benches use it. */
export const DemoReport = z.object({
  results: z.array(
    z.object({ policy: z.string(), goal: z.object({ mean: z.number(), ...interval }), episodes: z.number() }),
  ),
  comparisons: z.array(
    z.object({ better: z.string(), worse: z.string(), difference: z.number(), ...interval, p: z.number() }),
  ),
  stages: z.array(z.object({ name: z.string(), seconds: z.number(), cached: z.boolean() })),
  /** `longestChain`: the stages' own work along the critical path. */
  seconds: z.object({ campaign: z.number(), longestChain: z.number() }),
});
export type DemoReport = z.infer<typeof DemoReport>;

/** Runs the demo command as a user does, with another file, seed or state. Errors: when it does not end well. */
export async function runDemo(
  args: readonly string[],
  script: string = built('cli/main.js'),
): Promise<DemoReport> {
  const child = spawn(process.execPath, [script, 'demo', '--json', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return DemoReport.parse(JSON.parse(await text(child.stdout)));
}
