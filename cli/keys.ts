import { signerKey } from '../artifacts/documentKeys';
import { renameSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { endorse } from '../artifacts/signing/signers';
import { newSigningKeyPem, readSigningKey } from '../artifacts/signing/signingKey';
import { CommandError } from './commandError';
import { openStore } from './createStore';
import { type CommonOptions, printJson, withCommonOptions } from './options';
import { ownKey, signerOfKey, signersFile, signingKeyFile, trustedSigners } from './trustedSigners';

export function registerKeys(program: Command): void {
  const keys = program.command('keys').description('the keys that sign manifests and log entries');
  withCommonOptions(keys.command('list'))
    .description('the signers that this machine trusts; --json writes what `audit verify --signers` reads')
    .action(list);
  withCommonOptions(keys.command('rotate'))
    .description(
      'make a new key that the old one vouches for; workers sign with it once they are started again',
    )
    .action(rotate);
}

function list(options: CommonOptions): void {
  const signers = trustedSigners(options);
  if (options.json) return printJson(signers);
  const present = ownKey(options.state)?.keyid;
  if (signers.length === 0) {
    console.log('There is no key yet: workers make one when they start.');
    return;
  }
  for (const { keyid, since } of signers)
    console.log(
      `${keyid}  ${keyid === present ? 'signs now' : 'signed before'}${since ? `, since ${since}` : ''}`,
    );
}

async function rotate({ state, json }: CommonOptions): Promise<void> {
  if (process.env['PI_LOOP_SIGNING_KEY'])
    throw new CommandError(
      'The key comes from PI_LOOP_SIGNING_KEY: put another one there, where it is kept.',
      {
        exitCode: 2,
      },
    );
  const old = ownKey(state);
  if (!old) throw new CommandError('There is no key to follow: workers make one when they start.');
  const store = openStore(state);
  const file = signingKeyFile(state);
  const pem = newSigningKeyPem();
  const fresh = readSigningKey(pem, `file ${file}`);
  try {
    await store.putDocumentOnce(signerKey(fresh.keyid), endorse(signerOfKey(fresh, now()), old));
  } finally {
    store.close();
  }
  writeFileSync(signersFile(state), `${JSON.stringify(trustedSigners({ state }), null, 2)}\n`);
  writeFileSync(`${file}.new`, pem, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  if (json) return printJson({ keyid: fresh.keyid, before: old.keyid });
  console.log(
    [
      `Key ${fresh.keyid} follows ${old.keyid}, which vouches for it. Start the workers again to sign with it.`,
      `The old public key stays trusted: ${signersFile(state)}. Whoever verifies elsewhere needs \`pi-loop keys list --json\`.`,
    ].join('\n'),
  );
}

const now = (): string => new Date().toISOString();
