import { createHash, type Hash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { CommandError } from '../commandError';
import type { Screening } from './screened';

export interface WrittenFile {
  name: string;
  bytes: number;
  sha256: string;
}

/** A file of an export that is being written, piece by piece. */
class ExportFile {
  private handle: FileHandle | null = null;
  private readonly hash: Hash = createHash('sha256');
  private bytes = 0;
  private lines = 0;

  constructor(
    private readonly path: string,
    private readonly name: string,
    private readonly screening: Screening,
  ) {}

  /** Texts are screened, one line each. */
  async write(text: string): Promise<void> {
    this.lines += 1;
    this.screening.look(text, `${this.name} line ${this.lines}`);
    await this.writeBytes(Buffer.from(text));
  }

  async writeBytes(bytes: Uint8Array): Promise<void> {
    this.handle ??= await open(this.path, 'w');
    this.hash.update(bytes);
    this.bytes += bytes.byteLength;
    await this.handle.appendFile(bytes);
  }

  async close(): Promise<WrittenFile> {
    this.handle ??= await open(this.path, 'w');
    await this.handle.close();
    return { name: this.name, bytes: this.bytes, sha256: this.hash.digest('hex') };
  }
}

/** A folder that is there whole or not at all: written under another name, and named when all is good. */
export class ExportFolder {
  private readonly files = new Map<string, ExportFile>();
  private readonly partial: string;
  readonly path: string;

  /** @throws {CommandError} when the folder is there and holds something */
  constructor(
    folder: string,
    readonly screening: Screening,
  ) {
    this.path = resolve(folder);
    if (existsSync(this.path) && readdirSync(this.path).length > 0) {
      throw new CommandError(
        `${this.path} holds something already. Name a folder that is empty or not there.`,
        {
          exitCode: 2,
        },
      );
    }
    this.partial = join(dirname(this.path), `.${basename(this.path)}.partial-${process.pid}`);
    mkdirSync(this.partial, { recursive: true });
  }

  file(name: string): ExportFile {
    const file = this.files.get(name) ?? new ExportFile(join(this.partial, name), name, this.screening);
    this.files.set(name, file);
    return file;
  }

  /** @returns the files in their order. Errors: CommandError when screening found something, and nothing is left */
  async finish(allowFindings: boolean): Promise<WrittenFile[]> {
    const written: WrittenFile[] = [];
    for (const file of this.files.values()) written.push(await file.close());
    this.screening.judge(allowFindings);
    rmSync(this.path, { recursive: true, force: true });
    renameSync(this.partial, this.path);
    return written;
  }

  discard(): void {
    rmSync(this.partial, { recursive: true, force: true });
  }
}
