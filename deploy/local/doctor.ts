import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import path from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { built, CHECKOUT } from './checkout';
import { externalServices } from './externalServices';
import { isPortFree, PREFERRED_PORTS } from './ports';
import { describePortHolder } from './portHolder';
import { localEnvironment, readStatus } from './runtimeStatus';
import { probeConditionalWrites } from './storeProbe';
import { findTool, type Tool, toolVariable } from './tools';

/** One part looked at. */
export interface Finding {
  part: string;
  state: 'ok' | 'warning' | 'missing';
  /** What is there. */
  found: string;
  /** What to do about it, unless it is fine. */
  todo?: string;
}

/** The oldest Node that package.json accepts. */
const OLDEST_NODE = [20, 18] as const;
/** Room that a small campaign and its logs may take, in bytes. */
const DISK_WANTED = 2e9;
const SETUP = 'run `npm run setup`';

const run = promisify(execFile);

/** Looks at everything that the local runtime and a campaign on it need. Starts and changes nothing. */
export async function examine(stateDirectory: string, environment: NodeJS.ProcessEnv): Promise<Finding[]> {
  return [
    node(),
    presence('Node packages', path.join(CHECKOUT, 'node_modules/.package-lock.json')),
    presence('TypeScript build', built('cli/main.js')),
    presence('workflow bundle', built('workers/workflowBundle.js')),
    await tool('Temporal dev server', 'temporal', ['--version'], environment),
    await tool('VersityGW', 'versitygw', ['--version'], environment),
    await tool('trainer', 'trainerPython', ['-c', TRAINER_PROBE], environment),
    await disk(),
    ...(await runtime(stateDirectory, environment)),
  ];
}

/** Asks for the versions without the seconds that importing torch takes. */
const TRAINER_PROBE =
  'import sys; from importlib.metadata import version as v; ' +
  'print("Python %d.%d.%d," % sys.version_info[:3], ", ".join(p + " " + v(p) for p in ("torch", "transformers", "trl", "peft")))';

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const fits = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  const found = `Node ${process.versions.node}`;
  if (fits) return { part: 'Node', state: 'ok', found };
  return { part: 'Node', state: 'missing', found, todo: `install Node ${OLDEST_NODE.join('.')} or newer` };
}

function presence(part: string, file: string): Finding {
  if (existsSync(file)) return { part, state: 'ok', found: path.relative(CHECKOUT, file) };
  return { part, state: 'missing', found: `no ${path.relative(CHECKOUT, file)}`, todo: SETUP };
}

async function tool(
  part: string,
  name: Tool,
  args: string[],
  environment: NodeJS.ProcessEnv,
): Promise<Finding> {
  const file = findTool(name, environment);
  if (file === undefined) {
    return {
      part,
      state: 'missing',
      found: 'not there',
      todo: `${SETUP}, or name it by ${toolVariable(name)}`,
    };
  }
  try {
    const { stdout } = await run(file, args);
    return { part, state: 'ok', found: `${stdout.trim().replace(/\s+/g, ' ')} (${file})` };
  } catch (error) {
    const reason = error instanceof Error ? (error.message.trim().split('\n').at(-1) ?? '') : String(error);
    return {
      part,
      state: 'missing',
      found: `${file} does not run: ${reason}`,
      todo: `remove it, then ${SETUP}`,
    };
  }
}

async function disk(): Promise<Finding> {
  const { bavail, bsize } = await statfs(process.cwd());
  const found = `${((bavail * bsize) / 1e9).toFixed(1)} GB left here`;
  if (bavail * bsize >= DISK_WANTED) return { part: 'disk', state: 'ok', found };
  return {
    part: 'disk',
    state: 'warning',
    found,
    todo: `make room: a campaign wants ${DISK_WANTED / 1e9} GB`,
  };
}

async function runtime(stateDirectory: string, environment: NodeJS.ProcessEnv): Promise<Finding[]> {
  const { state, record } = readStatus(stateDirectory);
  const store = await storeFinding({ ...localEnvironment(stateDirectory), ...environment });
  if (state === 'down' || record === undefined) {
    const found = `not running under ${path.resolve(stateDirectory)}`;
    return [
      {
        part: 'local runtime',
        state: 'warning',
        found,
        todo: 'run `pi-loop up`; `npm run demo` starts its own',
      },
      ...(await ports(environment)),
      ...store,
    ];
  }
  const parts = record.parts.map(({ name, address }) =>
    address === undefined ? name : `${name} ${address}`,
  );
  const found = `${state}, process ${record.supervisor.pid}: ${parts.join(', ')}`;
  return [{ part: 'local runtime', state: 'ok', found }, ...store];
}

async function ports(environment: NodeJS.ProcessEnv): Promise<Finding[]> {
  const external = externalServices(environment);
  const wanted = Object.entries(PREFERRED_PORTS).filter(([server]) => !(server in external));
  return Promise.all(
    wanted.map(async ([server, port]): Promise<Finding> => {
      const part = `port ${port}`;
      if (await isPortFree(port)) return { part, state: 'ok', found: `free for ${server}` };
      const found = `in use by ${await describePortHolder(port)}`;
      return { part, state: 'warning', found, todo: `none: ${server} takes the next free port` };
    }),
  );
}

async function storeFinding(environment: NodeJS.ProcessEnv): Promise<Finding[]> {
  const endpoint = environment['S3_ENDPOINT'];
  if (endpoint === undefined) return [];
  const part = 'S3 conditional writes';
  const problem = await probeConditionalWrites(endpoint, environment);
  if (problem === undefined) return [{ part, state: 'ok', found: `${endpoint} refuses to overwrite` }];
  const state = problem.isFatal ? 'missing' : 'warning';
  return [{ part, state, found: `${endpoint}: ${problem.what}`, todo: problem.todo }];
}
