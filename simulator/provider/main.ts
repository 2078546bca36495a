import { parseArgs } from 'node:util';
import type { ProviderSettingsInput } from './settings';
import { startProvider } from './startProvider';

const USAGE = `A simulated provider of models: behaves as OpenAI's API, with limits, quotas, prices and faults.

usage: node dist/simulator/provider/main.js [options]
  --host HOST         address to bind to (default 127.0.0.1)
  --port PORT         0 takes a free one (default 0)
  --settings JSON     how it behaves (simulator/provider/settings.ts); POST /admin/settings changes it later
  --exit-with-stdin   stop when standard input ends, so that no orphan outlives its parent
  --help              this text
`;

const OPTIONS = {
  host: { type: 'string', default: '127.0.0.1' },
  port: { type: 'string', default: '0' },
  settings: { type: 'string', default: '{}' },
  'exit-with-stdin': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) return void process.stdout.write(USAGE);
  const settings = JSON.parse(values.settings) as ProviderSettingsInput;
  const provider = await startProvider({ settings, host: values.host, port: Number(values.port) });
  const stop = () => {
    process.stdin.destroy();
    void provider.stop();
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
  if (values['exit-with-stdin']) process.stdin.once('end', stop).once('error', stop).resume();
  // One line of NDJSON: whoever started this waits for it.
  process.stdout.write(`${JSON.stringify({ event: 'ready', baseUrl: provider.baseUrl })}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`provider: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
});
