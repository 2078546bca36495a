import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { LocalRuntimeError } from './localRuntimeError';

/** Where `pi-loop up` keeps everything unless told otherwise, in the folder it is called from. */
export const DEFAULT_STATE_DIRECTORY = '.pi-loop';

/** Logs larger than this, in bytes, are set aside when the runtime starts. */
const LARGE_LOG = 10_000_000;

const Identity = z.object({ pid: z.number().int().positive(), startedAt: z.string() });

/** What runs, as another process reads it. Holds no secret. */
export const RuntimeRecord = z.object({
  supervisor: Identity,
  phase: z.enum(['starting', 'running', 'stopping']),
  startedAt: z.iso.datetime(),
  parts: z.array(
    z.object({
      name: z.string(),
      /** Where it answers; parts without one only call others. */
      address: z.string().optional(),
      /** Absent for a part that somebody else runs. */
      process: Identity.optional(),
      log: z.string().optional(),
      restarts: z.number().int(),
    }),
  ),
  /** Variables that lead a client to the parts; the credentials are in their own file. */
  environment: z.record(z.string(), z.string()),
});
export type RuntimeRecord = z.infer<typeof RuntimeRecord>;

const Credentials = z.object({ accessKey: z.string(), secretKey: z.string() });
export type Credentials = z.infer<typeof Credentials>;

function writeWhole(file: string, text: string, mode: number): void {
  const partial = `${file}.${process.pid}`;
  writeFileSync(partial, text, { mode });
  renameSync(partial, file);
}

/** The folder of one local runtime: database, buckets, logs, credentials, and the record of what runs. */
export class StateDirectory {
  readonly root: string;

  constructor(root: string) {
    this.root = path.resolve(root);
  }

  file(name: string): string {
    return path.join(this.root, name);
  }

  log(part: string): string {
    return this.file(path.join('logs', `${part}.log`));
  }

  /** @throws {LocalRuntimeError} STATE_UNUSABLE when the folders cannot be made */
  prepare(): void {
    try {
      for (const folder of ['logs', 'buckets']) mkdirSync(this.file(folder), { recursive: true });
    } catch (error) {
      throw new LocalRuntimeError(
        'STATE_UNUSABLE',
        `${this.root} cannot be used: ${error instanceof Error ? error.message : String(error)}`,
        'name a folder that you may write to by --state',
        { cause: error },
      );
    }
  }

  setLargeLogAside(part: string): void {
    const log = this.log(part);
    if ((statSync(log, { throwIfNoEntry: false })?.size ?? 0) > LARGE_LOG) renameSync(log, `${log}.1`);
  }

  /** The key of this directory's S3 server, drawn when first asked for; readable by its owner alone. */
  credentials(): Credentials {
    const file = this.file('credentials.json');
    if (!existsSync(file)) {
      const drawn = {
        accessKey: `pi-loop-${randomBytes(6).toString('hex')}`,
        secretKey: randomBytes(24).toString('hex'),
      };
      writeWhole(file, JSON.stringify(drawn), 0o600);
    }
    return this.read('credentials.json', Credentials);
  }

  readRecord(): RuntimeRecord | undefined {
    return existsSync(this.file('runtime.json')) ? this.read('runtime.json', RuntimeRecord) : undefined;
  }

  writeRecord(record: RuntimeRecord): void {
    writeWhole(this.file('runtime.json'), `${JSON.stringify(record, null, 2)}\n`, 0o644);
  }

  private read<T>(name: string, schema: z.ZodType<T>): T {
    try {
      return schema.parse(JSON.parse(readFileSync(this.file(name), 'utf8')));
    } catch (error) {
      throw new LocalRuntimeError(
        'STATE_UNUSABLE',
        `${this.file(name)} cannot be read`,
        'it was not written by this version: stop what runs, move the file away, and start again',
        { cause: error },
      );
    }
  }
}
