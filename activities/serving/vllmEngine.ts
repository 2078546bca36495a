import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { LineChild } from '../support/childProcess';
import { failure } from '../support/failures';
import type { EngineProgram, WholeModel } from './engine';
import { verifyFolder } from './policyFolders';

export interface VllmOptions {
  /** The `vllm` command. */
  command: string;
  /** Further arguments of `vllm serve`, as the hardware wants them. */
  args: string[];
  /** Adapters at once. */
  adapters: number;
  /** Tokens of prompt and answer, if not the model's. */
  context: number | undefined;
  /** What it may see of the environment (`vllmEnvironment`). */
  environment: Record<string, string>;
  /** deploy/shared/guard.sh: ends the engine and all its processes when this process is gone. */
  guard: string;
}

const GRACE_SECONDS = 30;
/** Loading a model takes minutes. */
const LOOK_EVERY_MS = 500;

/** `vllm serve` with adapters that come and go: docs.vllm.ai/en/latest/features/lora */
export function vllmEngine(options: VllmOptions): EngineProgram {
  return {
    start: async (model) => {
      await verifyFolder(model.directory);
      const port = await freePort();
      const child = startVllm(options, model, port);
      return { child, ready: readiness(port, child), model: model.digest };
    },
    missing: (why) =>
      failure(
        'CONFIGURATION_MISSING',
        `vLLM cannot be started as \`${options.command}\` (${why}). Install it where the workers of gpu-serve run, or set PI_LOOP_VLLM_COMMAND there, and restart them.`,
      ),
  };
}

function startVllm(options: VllmOptions, { directory, digest }: WholeModel, port: number): LineChild {
  const serve = [
    ...['serve', directory, '--served-model-name', digest, '--host', '127.0.0.1', '--port', String(port)],
    ...[
      '--enable-lora',
      '--max-loras',
      String(options.adapters),
      '--max-cpu-loras',
      String(options.adapters),
    ],
    // Otherwise a model's generation_config.json would change how it is sampled.
    ...['--generation-config', 'vllm'],
    ...(options.context === undefined ? [] : ['--max-model-len', String(options.context)]),
    ...options.args,
  ];
  const child = new LineChild({
    command: options.guard,
    args: [String(GRACE_SECONDS), options.command, ...serve],
    env: {
      ...options.environment,
      VLLM_ALLOW_RUNTIME_LORA_UPDATING: 'True',
      HF_HUB_OFFLINE: '1',
      VLLM_NO_USAGE_STATS: '1',
    },
    graceMs: GRACE_SECONDS * 1000,
    leadsGroup: true,
  });
  void discard(child.lines());
  return child;
}

/** What nobody reads would fill its pipe. */
async function discard(lines: AsyncIterable<string>): Promise<void> {
  for await (const _line of lines) void _line;
}

async function readiness(port: number, child: LineChild): Promise<string> {
  const address = `http://127.0.0.1:${port}`;
  const ended = new AbortController();
  void child.exited.then(() => ended.abort());
  while (!ended.signal.aborted) {
    const healthy = await fetch(`${address}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (healthy) return `${address}/v1`;
    await delay(LOOK_EVERY_MS, undefined, { signal: ended.signal }).catch(() => undefined);
  }
  return new Promise(() => undefined);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const SEEN = /^(PATH|HOME|TMPDIR|LD_LIBRARY_PATH|VIRTUAL_ENV|(CUDA|NVIDIA|NCCL|VLLM|TORCH|TRITON|OMP)_\w+)$/;

/** What vLLM may see of an environment: no keys of providers. */
export const vllmEnvironment = (
  variables: Readonly<Record<string, string | undefined>>,
): Record<string, string> =>
  Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) =>
      SEEN.test(name) && !/_(API_)?KEY$/.test(name) && value !== undefined ? [[name, value]] : [],
    ),
  );
