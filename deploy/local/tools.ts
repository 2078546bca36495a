import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { CHECKOUT } from './checkout';
import { LocalRuntimeError } from './localRuntimeError';

const Tools = z.object({
  temporal: z.string().optional(),
  versitygw: z.string().optional(),
  trainerPython: z.string().optional(),
});

export type Tool = keyof z.infer<typeof Tools>;

/** Names a program by hand, in place of the one that setup provides. */
const VARIABLES: Record<Tool, string> = {
  temporal: 'PI_LOOP_TEMPORAL',
  versitygw: 'PI_LOOP_VERSITYGW',
  trainerPython: 'PI_LOOP_TRAINER_PYTHON',
};

/** Name of the variable that names the tool by hand. */
export const toolVariable = (tool: Tool): string => VARIABLES[tool];

/** Written by deploy/setup, see TOOLS_FILE there. */
const TOOLS_FILE = path.join(CHECKOUT, 'node_modules/.cache/pi-loop/tools.json');

function providedTools(): z.infer<typeof Tools> {
  if (!existsSync(TOOLS_FILE)) return {};
  return Tools.parse(JSON.parse(readFileSync(TOOLS_FILE, 'utf8')));
}

/** Absolute path of a program, or undefined when it is not there. */
export function findTool(tool: Tool, environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const file = environment[toolVariable(tool)] ?? providedTools()[tool];
  return file !== undefined && existsSync(file) ? file : undefined;
}

/** @throws {LocalRuntimeError} TOOL_MISSING */
export function requireTool(tool: Tool, environment: NodeJS.ProcessEnv = process.env): string {
  const file = findTool(tool, environment);
  if (file !== undefined) return file;
  throw new LocalRuntimeError(
    'TOOL_MISSING',
    `${tool} is not there`,
    `run \`npm run setup\`, or name the program by ${toolVariable(tool)}`,
  );
}
