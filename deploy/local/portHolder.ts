import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';

/** proc(5), /proc/net/tcp: state of a listening socket. */
const LISTENING = '0A';

async function listeningSockets(port: number): Promise<Set<string>> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')),
  );
  const rows = tables.flatMap((table) => table.split('\n').slice(1)).map((row) => row.trim().split(/\s+/));
  return new Set(
    rows.filter((row) => row[1]?.endsWith(suffix) && row[3] === LISTENING).map((row) => `socket:[${row[9]}]`),
  );
}

async function holdsOneOf(pid: string, sockets: ReadonlySet<string>): Promise<boolean> {
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const links = await Promise.all(
    descriptors.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')),
  );
  return links.some((link) => sockets.has(link));
}

async function holderFromProc(port: number): Promise<string | undefined> {
  const sockets = await listeningSockets(port);
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    if (!(await holdsOneOf(pid, sockets))) continue;
    return `${(await readFile(`/proc/${pid}/comm`, 'utf8')).trim()} (process ${pid})`;
  }
  return undefined;
}

async function holderFromLsof(port: number): Promise<string | undefined> {
  const { stdout } = await promisify(execFile)('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc']);
  const pid = /^p(\d+)$/m.exec(stdout)?.[1];
  return pid === undefined ? undefined : `${/^c(.*)$/m.exec(stdout)?.[1]} (process ${pid})`;
}

/** Who listens on the port, in words: a program's name and process id where the system tells. */
export async function describePortHolder(port: number): Promise<string> {
  const find = process.platform === 'linux' ? holderFromProc : holderFromLsof;
  return (await find(port).catch(() => undefined)) ?? 'another program (of another user, perhaps)';
}
