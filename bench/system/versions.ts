import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { requireTool, type Tool } from '../../deploy/local/tools';
import { peerVersion } from '../peer/peer';

const run = promisify(execFile);

/** What took part in a measurement. */
export async function describeVersions(): Promise<Record<string, string>> {
  return {
    temporal: await versionOf('temporal'),
    versitygw: await versionOf('versitygw'),
    sotopia: peerVersion(),
  };
}

async function versionOf(tool: Tool): Promise<string> {
  const { stdout } = await run(requireTool(tool), ['--version']);
  return /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? stdout.trim();
}
