import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { built, CHECKOUT } from '../deploy/local/checkout';
import { ChaosRun } from './chaosRun';
import type { Finding } from './check';
import { planOf } from './runCampaign';

const Reference = z.object({
  seconds: z.number(),
  /** Digests of all outputs, by stage and role. */
  content: z.record(z.string(), z.string()),
  /** How often each question is asked of the provider, by its digest. */
  asked: z.record(z.string(), z.number()),
});
export type Reference = z.infer<typeof Reference>;

const GIVEN_UP_AFTER_MS = 20 * 60_000;

export class UnsoundReferenceError extends Error {}

/**
 * What the campaign comes to when nothing happens. It is played once for each campaign and build, and then looked up.
 * Errors: UnsoundReferenceError when even then something was found wrong.
 */
export async function referenceFor(
  file: string,
  folder: string,
  say: (line: string) => void,
): Promise<Reference> {
  const kept = join(folder, 'references', `${await keyOf(file)}.json`);
  const known = readReference(kept);
  if (known) return known;
  say('playing the campaign undisturbed, once for this build …');
  const reference = await playUndisturbed(file, join(folder, 'undisturbed'));
  mkdirSync(join(folder, 'references'), { recursive: true });
  writeFileSync(kept, JSON.stringify(reference, null, 2));
  return reference;
}

async function playUndisturbed(file: string, folder: string): Promise<Reference> {
  const run = await ChaosRun.open(folder, 0);
  const findings: Finding[] = [];
  try {
    await run.begin(file);
    await run.end(performance.now() + GIVEN_UP_AFTER_MS);
    findings.push(...(await run.check([], run.asked)).findings);
  } finally {
    findings.push(await run.close());
  }
  const problems = findings.flatMap((finding) => finding.problems);
  const [pass] = run.passes;
  if (pass && problems.length === 0) {
    const { seconds, content } = pass;
    return { seconds, content, asked: run.asked };
  }
  throw new UnsoundReferenceError(`Undisturbed, and yet:\n${problems.join('\n')}`);
}

/** Digest of all that decides what comes out: the campaign with its files, and our code. */
async function keyOf(file: string): Promise<string> {
  const hash = createHash('sha256').update(await planOf(file));
  for (const folder of [built(''), join(CHECKOUT, 'trainer/src')]) {
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    for (const name of names.filter(decides).sort())
      hash.update(name).update(readFileSync(join(folder, name)));
  }
  return hash.digest('hex');
}

/** What strikes, checks or measures a campaign decides nothing in it. */
const decides = (name: string): boolean => /\.(js|py)$/.test(name) && !/^(chaos|bench)\//.test(name);

function readReference(file: string): Reference | undefined {
  try {
    return Reference.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}
