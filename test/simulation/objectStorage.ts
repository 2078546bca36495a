import { sha256 } from '../../artifacts/canonicalJson';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  type Input,
  ListObjectsV2Command,
  PutObjectCommand,
  S3ServiceException,
} from './edges/s3Client';
import type { SimulatedProcess } from './simulatedProcess';
import type { Outage, World } from './world';

/** Milliseconds that a request takes: at least, and by chance up to so many more. */
const LATENCY = { least: 5, more: 25 };

/**
 * A bucket with S3's semantics: whole objects, the last writer wins, and with If-None-Match: * the first. During an
 * outage a request fails before it is done, or is done and never acknowledged.
 */
export class ObjectStorage {
  readonly objects = new Map<string, Buffer>();
  outage: Outage = { until: 0, share: 0 };

  constructor(private readonly world: World) {}

  send(process: SimulatedProcess, command: { input: Input }): Promise<unknown> {
    const { random, clock } = this.world;
    return process.ask(LATENCY.least + random.integer(LATENCY.more), () => {
      const fails = clock.now < this.outage.until && random.uniform() < this.outage.share;
      if (!fails) return this.perform(command);
      if (random.uniform() < 0.5) throw new S3ServiceException('ServiceUnavailable', 503);
      this.perform(command);
      throw new Error('socket hang up');
    });
  }

  /** The keys under a prefix, in lexical order. */
  keys(prefix: string): string[] {
    return [...this.objects.keys()].filter((key) => key.startsWith(prefix)).sort();
  }

  document(key: string): unknown {
    return JSON.parse(String(this.objects.get(key)));
  }

  private perform(command: { input: Input }): unknown {
    const { Key: key, Prefix: prefix } = command.input;
    if (command instanceof PutObjectCommand) this.put(command.input);
    if (command instanceof HeadObjectCommand && !this.objects.has(key))
      throw new S3ServiceException('NotFound', 404);
    if (command instanceof DeleteObjectCommand) this.objects.delete(key);
    if (command instanceof ListObjectsV2Command)
      return { Contents: this.keys(prefix ?? '').map((Key) => ({ Key })) };
    return command instanceof GetObjectCommand ? this.get(key) : {};
  }

  private put({ Key: key, Body: body, IfNoneMatch: absent, IfMatch: version }: Input): void {
    const before = this.objects.get(key);
    if (version !== undefined && !before) throw new S3ServiceException('NoSuchKey', 404);
    const isOther = version !== undefined && before !== undefined && versionOf(before) !== version;
    if (isOther || (absent === '*' && before)) throw new S3ServiceException('PreconditionFailed', 412);
    this.objects.set(key, Buffer.from(body ?? []));
  }

  private get(key: string) {
    const bytes = this.objects.get(key);
    if (!bytes) throw new S3ServiceException('NoSuchKey', 404);
    return { Body: { transformToByteArray: async () => bytes }, ETag: versionOf(bytes) };
  }
}

/** As S3's: equal bytes have one version. */
const versionOf = (bytes: Buffer): string => `"${sha256(bytes)}"`;
