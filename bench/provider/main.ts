import { parseArgs } from 'node:util';
import { createProvider, listen } from './server';

/** `node bench/provider/main.js --port PORT --latency MILLISECONDS [--count-repeated]`: until it is killed. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '0' },
      latency: { type: 'string', default: '200' },
      'count-repeated': { type: 'boolean', default: false },
    },
  });
  const options = { latencyMs: Number(values.latency), countRepeated: values['count-repeated'] };
  const port = await listen(createProvider(options), Number(values.port));
  console.log(JSON.stringify({ event: 'ready', port }));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
