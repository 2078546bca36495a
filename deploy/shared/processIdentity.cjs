/**
 * Which process a process id means. Ids are used again by the system, so an id alone must never be killed or waited
 * for: an identity is the id and the time at which that process started.
 */
const { execFileSync } = require('node:child_process');
const { readFileSync } = require('node:fs');

/** @typedef {{ pid: number, startedAt: string }} ProcessIdentity */

/** @param {number} pid */
function startFromProc(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // proc(5): the name, field 2, may hold spaces and parentheses; what follows the last `)` starts with field 3, the
  // state, and the start time in clock ticks since boot is field 22.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return `${boot}/${fields[19]}`;
}

/** @param {number} pid */
function startFromPs(pid) {
  const columns = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
  return columns === '' || columns.startsWith('Z') ? undefined : columns.replace(/^\S+\s+/, '');
}

/**
 * @param {number} pid
 * @returns {ProcessIdentity | undefined} undefined when no such process runs (a zombie does not run)
 */
function identityOf(pid) {
  try {
    const startedAt = process.platform === 'linux' ? startFromProc(pid) : startFromPs(pid);
    return startedAt === undefined ? undefined : { pid, startedAt };
  } catch {
    return undefined;
  }
}

/** @param {ProcessIdentity} identity */
function isRunning(identity) {
  return identityOf(identity.pid)?.startedAt === identity.startedAt;
}

module.exports = { identityOf, isRunning };
