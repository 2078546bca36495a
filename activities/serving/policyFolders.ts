import { readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { digestOfJson } from '../../artifacts/canonicalJson';
import { listDirectory } from '../../artifacts/directories';
import { failure } from '../support/failures';

/**
 * Reads a folder that is named by its digest and makes sure that it is what its name says; one that is not is removed,
 * so that it is fetched again. For engines that do not say what they have read. Errors: POLICY_DIGEST_MISMATCH.
 */
export async function verifyFolder(directory: string): Promise<void> {
  const found = digestOfJson(await listDirectory(directory));
  if (found === basename(directory)) return;
  await rm(directory, { recursive: true, force: true });
  throw failure(
    'POLICY_DIGEST_MISMATCH',
    `The folder ${directory} had other files (${found}) than its name says. It is removed and fetched again.`,
  );
}

const READING = ['tokenizer.json', 'chat_template.jinja'];

/** Other engines than ours read for an adapter as for its base. Errors: POLICY_UNSERVABLE. */
export async function verifyReadsAlike(adapter: string, base: string): Promise<void> {
  for (const name of READING) {
    const [own, expected] = await Promise.all([contentOf(adapter, name), contentOf(base, name)]);
    if (own === null || own === expected) continue;
    throw failure(
      'POLICY_UNSERVABLE',
      `Adapter ${basename(adapter)} has another ${name} than its base ${basename(base)}, by which this engine would read for both. Serve it with PI_LOOP_SERVE_BACKEND=trainer, or train it with its base's.`,
    );
  }
}

const contentOf = (directory: string, name: string): Promise<string | null> =>
  readFile(join(directory, name), 'utf8').catch(() => null);
