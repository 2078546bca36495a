import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { existsSync } from 'node:fs';
import { type SigningKey, signingKeyOf } from '../artifacts/signing/signingKey';
import { CommandError } from './commandError';
import { variablesOf } from './variables';

/** The key that signs what a command writes: that of the environment, else of the local runtime. Errors: CommandError. */
export function signingKeyFor(state: string): SigningKey {
  const { PI_LOOP_SIGNING_KEY, PI_LOOP_SIGNING_KEY_FILE } = variablesOf(state);
  const local = join(resolve(state), 'signing-key.pem');
  const usual = existsSync(local) ? local : join(homedir(), '.config', 'pi-loop', 'signing-key.pem');
  try {
    return signingKeyOf({
      PI_LOOP_SIGNING_KEY,
      PI_LOOP_SIGNING_KEY_FILE: PI_LOOP_SIGNING_KEY_FILE ?? usual,
    });
  } catch (error) {
    if (error instanceof Error && error.name === 'SigningKeyError')
      throw new CommandError(error.message, { cause: error });
    throw error;
  }
}
