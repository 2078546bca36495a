import { join } from 'node:path';
import { homedir } from 'node:os';
import { z } from 'zod';
import { TASK_QUEUES, type TaskQueue } from '../schemas/names';

const positive = z.coerce.number().int().min(1);
const count = (fallback: number) => positive.default(fallback);

/** Everything a worker reads from its environment; read once, here. */
const WorkerEnvironment = z.object({
  TEMPORAL_ADDRESS: z.string().default('127.0.0.1:7233').describe('Address of Temporal, host and port.'),
  TEMPORAL_NAMESPACE: z.string().default('default').describe('Namespace of Temporal, which must be there.'),
  S3_ENDPOINT: z.string().optional().describe('Address of the store; without it, Amazon S3.'),
  S3_REGION: z.string().default('us-east-1').describe('Region of the bucket.'),
  S3_BUCKET: z.string().default('pi-loop').describe('Bucket of all artifacts; made if it is missing.'),
  AWS_ACCESS_KEY_ID: z
    .string()
    .optional()
    .describe('Key of the store; without it, as the AWS SDK finds one.'),
  AWS_SECRET_ACCESS_KEY: z.string().optional().describe('Secret of that key.'),
  PI_LOOP_TRAINER_PYTHON: z
    .string()
    .default('python3')
    .describe("Interpreter of the trainer's environment; needed by workers of the gpu queues."),
  PI_LOOP_SCRATCH: z
    .string()
    .default(join(homedir(), '.cache', 'pi-loop', 'scratch'))
    .describe('Downloads of policies and running jobs.'),
  PI_LOOP_DIALOGUE_SLOTS: count(128).describe('Conversations and ratings at once in this process.'),
  PI_LOOP_TRAIN_SLOTS: count(1).describe('Training jobs at once: one a GPU.'),
  PI_LOOP_SERVE_SLOTS: count(2).describe('Served policies at once: one a GPU; small ones on a CPU share it.'),
  PI_LOOP_SERVE_BACKEND: z
    .enum(['trainer', 'vllm', 'external'])
    .default('trainer')
    .describe(
      'What serves policies: our own server (trainer), vLLM (vllm), or an endpoint that you run (external).',
    ),
  PI_LOOP_SERVE_ENGINES: positive
    .optional()
    .describe(
      'Engines at once in this process, each with one whole model and the adapters upon it; others wait. Without it: one with vllm, else as many as PI_LOOP_SERVE_SLOTS.',
    ),
  PI_LOOP_SERVE_IDLE_SECONDS: z.coerce
    .number()
    .min(0)
    .default(60)
    .describe(
      'Seconds that an engine stays up without a policy, for the next one of its base; another base, or training here, takes its place at once. 0: not at all.',
    ),
  PI_LOOP_SERVE_CONTEXT: positive
    .optional()
    .describe(
      'Tokens of prompt and answer of a served policy; fewer need less memory. Without it: as its model has.',
    ),
  PI_LOOP_SERVE_URL: z
    .url()
    .optional()
    .describe(
      'Address of the external endpoint, ending in /v1; needed by workers of gpu-serve, dialogue and general.',
    ),
  PI_LOOP_SERVE_API_KEY: z
    .string()
    .optional()
    .describe('Key of the external endpoint, if it wants one; sent nowhere else.'),
  PI_LOOP_VLLM_COMMAND: z.string().default('vllm').describe('The vllm command.'),
  PI_LOOP_VLLM_ARGS: z
    .string()
    .default('')
    .describe(
      'Further arguments of `vllm serve`, separated by spaces, such as --max-lora-rank 64 --gpu-memory-utilization 0.85.',
    ),
  PI_LOOP_SIGNING_KEY: z
    .string()
    .optional()
    .describe('The Ed25519 key that signs manifests and log entries, PEM (PKCS#8); instead of a file.'),
  PI_LOOP_SIGNING_KEY_FILE: z
    .string()
    .default(join(homedir(), '.config', 'pi-loop', 'signing-key.pem'))
    .describe('Where that key lies; it is made there when there is none.'),
  PI_LOOP_PROVIDERS: z
    .string()
    .optional()
    .describe('File that says what accounts with providers may ask a minute; without it, learned from them.'),
  PI_LOOP_LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error'])
    .default('info')
    .describe('Least severe messages that are written to standard error.'),
  PI_LOOP_COMMIT: z.string().optional().describe('Part of the version of this code.'),
  PI_LOOP_DEPLOYMENT: z
    .string()
    .optional()
    .describe('Name of the worker deployment, where Temporal is to tell versions of workflow code apart.'),
});

/** The same as JSON Schema, for docs/settings.md: paths in a home folder are written as `~`. */
export const workerJsonSchema = (): Record<string, unknown> =>
  z.toJSONSchema(WorkerEnvironment, {
    io: 'input',
    override: ({ jsonSchema }) => {
      if (typeof jsonSchema.default === 'string')
        jsonSchema.default = jsonSchema.default.replace(homedir(), '~');
    },
  });

export type WorkerConfig = z.infer<typeof WorkerEnvironment>;

export class ConfigurationError extends Error {}

/** Errors: ConfigurationError that lists every bad variable. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): WorkerConfig {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = WorkerEnvironment.safeParse(given);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
  throw new ConfigurationError(`The worker's environment is not usable:\n${problems.join('\n')}`);
}

/** Errors: ConfigurationError naming the queues there are. */
export function parseQueues(list: string): TaskQueue[] {
  const known = new Set<string>(Object.values(TASK_QUEUES));
  const queues = list.split(',').map((name) => name.trim());
  const unknown = queues.filter((name) => !known.has(name));
  if (unknown.length === 0) return queues as TaskQueue[];
  throw new ConfigurationError(
    `No task queue ${unknown.map((name) => `"${name}"`).join(', ')}; there are ${[...known].join(', ')}.`,
  );
}
