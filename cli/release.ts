import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { readCampaign } from '../audit/readCampaign';
import { digestOf } from '../formats/folder';
import { releasable, releaseFiles } from '../formats/huggingFace/release';
import { openReleaseKey, readReleaseKey } from '../formats/modelSigning/releaseKey';
import { SIGNATURE_FILE, signFolder } from '../formats/modelSigning/signFolder';
import { CommandError } from './commandError';
import { type BucketOptions, openBucket, withBucketOptions } from './openBucket';
import { printJson } from './options';
import { screenFiles } from './screenFiles';
import { writeFolder } from './writeFolder';

interface ReleaseCommandOptions extends BucketOptions {
  policy?: string;
  out: string;
  license?: string;
  key?: string;
  allowFindings: boolean;
}

export function registerRelease(program: Command): void {
  withBucketOptions(program.command('release <campaign>'))
    .description(
      'write a policy with its cards, data, evaluation, provenance and a model signature into a folder to publish',
    )
    .option('--policy <name>', 'name in the result table; default: that of the last round')
    .requiredOption('--out <dir>', 'the folder; a release that is there is replaced')
    .option('--license <id>', 'licence of weights and data, an SPDX id; without it the cards say "unknown"')
    .option(
      '--key <file>',
      'P-256 key that signs, made when it is not there; default: <state>/release-key.pem',
    )
    .option('--allow-findings', 'write although the text looks as if it held secrets or personal data', false)
    .action(release);
}

async function release(id: string, options: ReleaseCommandOptions): Promise<void> {
  const { bucket, close } = openBucket(options);
  try {
    const campaign = await readCampaign(bucket, id);
    const names = await releasable(bucket, campaign);
    const policy = options.policy ?? names.at(-1) ?? '';
    if (!names.includes(policy)) {
      throw new CommandError(
        `Campaign "${id}" has no policy "${policy}" to release; it has ${names.join(', ')}.`,
      );
    }
    const key = releaseKey(options);
    const files = await releaseFiles(bucket, campaign, { policy, license: options.license ?? null });
    if (!options.allowFindings) await screenFiles(bucket, files);
    const described = [...files, { path: 'signing-key.pub', text: key.publicKey }];
    const signature = signFolder(`${id}-${policy}`, described, key);
    const signed = [...described, { path: SIGNATURE_FILE, text: signature }];
    await writeFolder(bucket, options.out, signed, { mark: SIGNATURE_FILE });
    const digest = digestOf({ path: SIGNATURE_FILE, text: signature });
    if (options.json) {
      printJson({ campaign: id, policy, out: options.out, files: signed.length, signature: digest });
      return;
    }
    console.log(
      [
        `Policy ${policy} of campaign ${id} lies in ${options.out}: ${signed.length} files, signed in ${SIGNATURE_FILE} (sha256 ${digest}).`,
        `Check it with PyPI's model-signing: model_signing verify key ${options.out} --signature ${join(options.out, SIGNATURE_FILE)} --public_key ${join(options.out, 'signing-key.pub')}`,
      ].join('\n'),
    );
  } finally {
    close();
  }
}

/** From PI_LOOP_RELEASE_KEY, else a file. */
function releaseKey({ key, state }: ReleaseCommandOptions) {
  const pem = process.env['PI_LOOP_RELEASE_KEY'];
  if (key === undefined && pem) return readReleaseKey(pem, 'variable PI_LOOP_RELEASE_KEY');
  const file = key ?? process.env['PI_LOOP_RELEASE_KEY_FILE'] ?? join(resolve(state), 'release-key.pem');
  return openReleaseKey(file);
}
