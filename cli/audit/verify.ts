import { statSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import { fastestExaminer } from '../../audit/verify/examiner';
import { listCampaigns } from '../../audit/readCampaign';
import { type Verification, verifyBucket } from '../../audit/verify/verifyBucket';
import { LogHead } from '../../schemas/attestation';
import { type BucketOptions, openBucket, withBucketOptions } from '../openBucket';
import { CommandError } from '../commandError';
import { printJson } from '../options';
import { renderVerification } from '../render/verification';
import { trustedSigners } from '../trustedSigners';

interface VerifyCommandOptions extends BucketOptions {
  head?: LogHead;
  signers?: string;
  allowUnsigned: boolean;
}

export function registerVerify(audit: Command): void {
  withBucketOptions(audit.command('verify [campaign-or-dir]'))
    .description(
      'check that nothing was changed or left out: digests, signatures, log, plan, and all that can be computed again',
    )
    .option(
      '--head <number:digest>',
      "a place in the campaign's log that was noted elsewhere (see audit log)",
      parseHead,
    )
    .option(
      '--signers <file>',
      "signers to trust, as `pi-loop keys list --json` writes them; default: this machine's own",
    )
    .option('--allow-unsigned', 'accept manifests of releases before 0.3.0, which were not signed', false)
    .action(verify);
}

async function verify(what: string | undefined, options: VerifyCommandOptions): Promise<void> {
  const isFolder = what !== undefined && isDirectory(what);
  const { bucket, close } = openBucket(isFolder ? { ...options, directory: what } : options);
  const examiner = fastestExaminer(bucket);
  try {
    const campaigns = what === undefined || isFolder ? await listCampaigns(bucket) : [what];
    if (campaigns.length === 0) throw new CommandError(`There is no campaign in ${bucket.address}.`);
    if (options.head && campaigns.length > 1)
      throw new CommandError('--head is a place in the log of one campaign: name it.', { exitCode: 2 });
    const verification = await verifyBucket(bucket, {
      campaigns,
      examiner,
      roots: trustedSigners(options),
      head: options.head,
      allowUnsigned: options.allowUnsigned,
      onCheck: (name) => {
        if (!options.json && process.stderr.isTTY) process.stderr.write(`checking ${name} …\n`);
      },
    });
    report(verification, options.json);
    if (verification.failures.length > 0) process.exitCode = 1;
  } finally {
    await examiner.close();
    close();
  }
}

function report(verification: Verification, json: boolean): void {
  if (json) printJson(verification);
  else console.log(renderVerification(verification));
}

export function parseHead(text: string): LogHead {
  const [number, digest] = text.split(':');
  const parsed = LogHead.safeParse({ number: Number(number), digest });
  if (!parsed.success)
    throw new InvalidArgumentError('expected NUMBER:DIGEST, as `pi-loop audit log` prints it');
  return parsed.data;
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
