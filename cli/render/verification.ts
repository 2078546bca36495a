import type { Verification } from '../../audit/verify/verifyBucket';
import { inert } from './inert';

/** Of what is built on something, so many are named. */
const NAMED = 12;
const MEBIBYTE = 1024 * 1024;

/** What was checked, what failed, and what is built on that. */
export function renderVerification(verification: Verification): string {
  const { campaigns, checks, failures, explained, bytes, seconds, trusted } = verification;
  const width = Math.max(...checks.map(({ name }) => name.length));
  return inert(
    [
      ...checks.map(
        ({ name, checked, failures: failed, seconds: took }) =>
          `${failed === 0 ? 'good  ' : 'FAILED'}  ${name.padEnd(width)}  ${String(checked).padStart(8)} checked  ${took.toFixed(1).padStart(6)} s${failed === 0 ? '' : `  ${failed} wrong`}`,
      ),
      ...failures.flatMap(({ object, message, builtOnIt }) => [
        '',
        `${object}`,
        `  ${message}`,
        `  built on it: ${builtOnIt.length === 0 ? 'nothing' : named(builtOnIt)}`,
      ]),
      ...explained.map(({ digest, cause, reason }) => `blob ${digest} was ${cause}: ${reason}`),
      '',
      ...(trusted
        ? []
        : [
            'WARNING: no signer is known to this machine, so the keys in the bucket itself were believed. That shows that all of it',
            'fits together, not who made it. Ask for the signers by another way, and name them by --signers FILE.',
            '',
          ]),
      `${failures.length === 0 ? 'Verified' : `NOT verified, ${failures.length} failures`}: ${campaigns.length === 1 ? 'campaign' : 'campaigns'} ${campaigns.join(', ')}; ${(bytes / MEBIBYTE).toFixed(1)} MiB hashed in ${seconds.toFixed(1)} s.`,
    ].join('\n'),
  );
}

const named = (objects: readonly string[]): string =>
  objects.slice(0, NAMED).join('; ') + (objects.length > NAMED ? `; and ${objects.length - NAMED} more` : '');
