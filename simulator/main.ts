import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { createSimulator } from './server';

const USAGE = `Simulated models behind an OpenAI-compatible API: programs, not language models.

usage: node dist/simulator/main.js [options]
  --host HOST         address to bind to (default 127.0.0.1)
  --port PORT         0 takes a free one (default 0)
  --exit-with-stdin   stop when standard input ends, so that no orphan outlives its parent
  --help              this text
environment: PI_LOOP_SIMULATOR_API_KEY, if set, is demanded of every caller
`;

const OPTIONS = {
  host: { type: 'string', default: '127.0.0.1' },
  port: { type: 'string', default: '0' },
  'exit-with-stdin': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

function main(): void {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new Error(`--port: expected 0..65535, found ${values.port}`);
  const server = createSimulator({ apiKey: process.env['PI_LOOP_SIMULATOR_API_KEY'] || undefined });
  server.once('error', fail);
  server.listen(port, values.host, () => announce(server, values.host));
  stopOnRequest(server, values['exit-with-stdin']);
}

/** One line of NDJSON: whoever started this waits for it. */
function announce(server: Server, host: string): void {
  const { port } = server.address() as AddressInfo;
  const authority = host.includes(':') ? `[${host}]` : host;
  process.stdout.write(`${JSON.stringify({ event: 'ready', baseUrl: `http://${authority}:${port}/v1` })}\n`);
}

/** Answers what is in flight, then the process ends by itself with 0. */
function stopOnRequest(server: Server, withStdin: boolean): void {
  // A connection that is busy while the server closes would otherwise be kept alive after its last answer.
  server.on('request', (_request, response) =>
    response.once('close', () => {
      if (!server.listening) setImmediate(() => server.closeIdleConnections());
    }),
  );
  const stop = () => {
    server.close();
    server.closeIdleConnections();
    process.stdin.destroy();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  if (withStdin) process.stdin.once('end', stop).once('error', stop).resume();
}

function fail(error: unknown): void {
  process.stderr.write(`simulator: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}

try {
  main();
} catch (error) {
  fail(error);
}
