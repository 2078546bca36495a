import { logKey, signerKey } from '../../artifacts/documentKeys';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { blobKey } from '../../artifacts/blobKey';
import { canonicalJson, sha256 } from '../../artifacts/canonicalJson';
import { PAYLOAD_TYPES, signText } from '../../artifacts/signing/envelope';
import { newSigningKeyPem, readSigningKey } from '../../artifacts/signing/signingKey';
import type { ArtifactRef } from '../../schemas/artifact';
import type { LogEvent } from '../../schemas/campaignLog';
import type { LogHead } from '../../schemas/attestation';

/** Writes the objects of a bucket as files, in the forms in which the store has them. */
export class BucketFolder {
  readonly key = readSigningKey(newSigningKeyPem(), 'this bench');
  bytes = 0;
  blobs = 0;

  constructor(private readonly folder: string) {
    mkdirSync(join(folder, blobKey('')), { recursive: true });
    this.document(signerKey(this.key.keyid), {
      keyid: this.key.keyid,
      publicKey: this.key.publicKey,
      since: new Date(0).toISOString(),
      endorsedBy: null,
    });
  }

  document(key: string, value: unknown): string {
    const text = canonicalJson(value);
    const path = join(this.folder, key);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return sha256(text);
  }

  blob(text: string, name: string, mediaType: string): ArtifactRef {
    const bytes = Buffer.from(text);
    const digest = sha256(bytes);
    writeFileSync(join(this.folder, blobKey(digest)), bytes);
    this.bytes += bytes.byteLength;
    this.blobs += 1;
    const uri = `s3://pi-loop/${blobKey(digest)}`;
    return { name, uri, digest: { sha256: digest }, mediaType, bytes: bytes.byteLength };
  }

  read = (digest: string): Buffer => readFileSync(join(this.folder, blobKey(digest)));

  json = (value: unknown, name: string, mediaType: string): ArtifactRef =>
    this.blob(canonicalJson(value), name, mediaType);

  jsonLines = (rows: readonly unknown[], name: string, mediaType: string): ArtifactRef =>
    this.blob(rows.map((row) => `${canonicalJson(row)}\n`).join(''), name, mediaType);
}

/** A campaign's signed log, entry behind entry. */
export class LogFolder {
  head: LogHead | null = null;

  constructor(
    private readonly bucket: BucketFolder,
    private readonly campaign: string,
    /** Of each entry; a second later than the one before. */
    private readonly startedAt: number,
  ) {}

  append(event: LogEvent, { who = 'workflow default/bench/run', why = '' } = {}): void {
    const number = (this.head?.number ?? 0) + 1;
    const entry = {
      campaign: this.campaign,
      number,
      previous: this.head?.digest ?? null,
      id: `run/${number}`,
      at: this.now(number),
      actor: who,
      reason: why,
      event,
    };
    const envelope = signText(canonicalJson(entry), PAYLOAD_TYPES.logEntry, this.bucket.key);
    this.head = { number, digest: this.bucket.document(logKey(this.campaign, number), envelope) };
  }

  now(number = this.head?.number ?? 0): string {
    return new Date(this.startedAt + 1000 * number).toISOString();
  }
}
