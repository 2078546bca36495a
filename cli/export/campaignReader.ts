import { z } from 'zod';
import type { Bucket } from '../../artifacts/bucket';
import { readLogEntry } from '../../artifacts/campaignLog';
import { sha256 } from '../../artifacts/canonicalJson';
import type { LogEntry } from '../../schemas/campaignLog';
import { Plan, type Stage, StageResult } from '../../schemas/plan';
import { CommandError } from '../commandError';

const Record = z.object({
  plan: z.string(),
  stages: z.array(z.object({ id: z.string(), key: z.string() })),
});

export interface FinishedStage {
  stage: Stage;
  result: StageResult;
}

/** A campaign as the bucket tells of it, for those who write it in other forms: its plan, finished stages and log. */
export interface ReadCampaign {
  id: string;
  plan: Plan;
  stages: FinishedStage[];
  log: LogEntry[];
}

/** @throws {CommandError} when the bucket has no such campaign */
export async function readCampaign(bucket: Bucket, id: string): Promise<ReadCampaign> {
  const log = await readLog(bucket, id);
  const record = await readDocument(bucket, `campaigns/${id}.json`, Record);
  const told = record ?? recordOf(log);
  if (!told) {
    throw new CommandError(
      `${bucket.address} has no campaign ${id}. \`pi-loop list\` names those of Temporal; --directory names another bucket's copy.`,
    );
  }
  const plan = await readJsonBlob(bucket, told.plan, Plan);
  const stages: FinishedStage[] = [];
  for (const { id: name, key } of told.stages) {
    const stage = plan.stages.find((one) => one.id === name);
    const result = await readDocument(bucket, `stages/${key}.json`, StageResult);
    if (stage && result) stages.push({ stage, result });
  }
  return { id, plan, stages, log };
}

/** Of a campaign that is not finished: what its log tells of. */
function recordOf(log: readonly LogEntry[]): z.infer<typeof Record> | null {
  const plan = log.findLast(({ event }) => event.kind === 'campaign-started')?.event;
  if (plan?.kind !== 'campaign-started') return null;
  const keys = new Map<string, string>();
  for (const { event } of log) if (event.kind === 'stage-finished') keys.set(event.stage, event.key);
  return { plan: plan.plan, stages: [...keys].map(([id, key]) => ({ id, key })) };
}

async function readLog(bucket: Bucket, campaign: string): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  for (let number = 1; ; number += 1) {
    const stored = await readLogEntry(bucket, campaign, number);
    if (!stored) return entries;
    entries.push(stored.entry);
  }
}

async function readDocument<S extends z.ZodType>(
  bucket: Bucket,
  key: string,
  schema: S,
): Promise<z.infer<S> | null> {
  const bytes = await bucket.read(key);
  return bytes && parse(bytes.toString('utf8'), schema, key);
}

/** A blob's bytes, checked against its digest. @throws {CommandError} when it is missing or another */
export async function readBlob(bucket: Bucket, digest: string): Promise<Buffer> {
  const key = `blobs/sha256/${digest}`;
  const bytes = await bucket.read(key);
  if (!bytes)
    throw new CommandError(
      `${bucket.address} lacks ${key}. \`pi-loop audit verify\` says what depends on it.`,
    );
  if (sha256(bytes) !== digest) {
    throw new CommandError(`${key} of ${bucket.address} is not what its name says: its bytes were changed.`);
  }
  return bytes;
}

export const readJsonBlob = async <S extends z.ZodType>(
  bucket: Bucket,
  digest: string,
  schema: S,
): Promise<z.infer<S>> => parse((await readBlob(bucket, digest)).toString('utf8'), schema, digest);

export async function readLines<S extends z.ZodType>(
  bucket: Bucket,
  digest: string,
  schema: S,
): Promise<z.infer<S>[]> {
  const text = (await readBlob(bucket, digest)).toString('utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => parse(line, schema, digest));
}

function parse<S extends z.ZodType>(text: string, schema: S, name: string): z.infer<S> {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new CommandError(`${name} cannot be read: ${(error as Error).message}`);
  }
}
