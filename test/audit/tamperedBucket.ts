import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { canonicalJson, sha256 } from '../../artifacts/canonicalJson';
import { payloadOf, PAYLOAD_TYPES, signText } from '../../artifacts/signing/envelope';
import type { SigningKey } from '../../artifacts/signing/signingKey';
import type { AuditedCampaign, AuditedStage } from '../../audit/readCampaign';
import { outputOf } from '../../audit/readManifest';
import { Envelope, type StageStatement } from '../../schemas/attestation';
import { LogEntry } from '../../schemas/campaignLog';

/** A tamperer follows no schema. */
type Json = ReturnType<typeof JSON.parse>;

/** A copy of a bucket's folder in which everything may be changed; files are links until then. */
export class TamperedBucket {
  constructor(
    readonly root: string,
    readonly campaign: AuditedCampaign,
    /** The campaign's own key, for what an insider does. */
    readonly key: SigningKey,
  ) {}

  static copy(from: string, to: string, campaign: AuditedCampaign, key: SigningKey): TamperedBucket {
    cpSync(from, to, { recursive: true });
    return new TamperedBucket(to, campaign, key);
  }

  read(key: string): Buffer {
    return readFileSync(join(this.root, key));
  }

  write(key: string, content: string | Buffer): void {
    const path = join(this.root, key);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }

  remove(key: string): void {
    rmSync(join(this.root, key));
  }

  move(from: string, to: string): void {
    renameSync(join(this.root, from), join(this.root, to));
  }

  has(key: string): boolean {
    return existsSync(join(this.root, key));
  }

  keys(folder: string): string[] {
    return readdirSync(join(this.root, folder))
      .sort()
      .map((name) => `${folder}/${name}`);
  }

  /** Flips one bit in the middle. */
  flip(key: string): void {
    const bytes = this.read(key);
    const middle = bytes.length >> 1;
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    this.write(key, bytes);
  }

  /** Writes a blob under the digest that it has. */
  put(content: string): string {
    const digest = sha256(content);
    this.write(blob(digest), content);
    return digest;
  }

  json(key: string): Json {
    return JSON.parse(this.read(key).toString('utf8')) as Json;
  }

  edit(key: string, change: (value: Json) => void): void {
    const value = this.json(key);
    change(value);
    this.write(key, canonicalJson(value));
  }

  lines(digest: string): Json[] {
    return this.read(blob(digest))
      .toString('utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Json);
  }

  stage(id: string): AuditedStage {
    const stage = this.campaign.stages.find((one) => one.id === id);
    if (!stage) throw new Error(`no stage ${id}`);
    return stage;
  }

  output(stage: string, role: string): string {
    const digest = outputOf(this.stage(stage).manifest.statement, role);
    if (!digest) throw new Error(`stage ${stage} has no output ${role}`);
    return digest;
  }

  logKey(kind: string, stage?: string): string {
    const found = this.campaign.log.find(
      ({ entry: { event } }) =>
        event.kind === kind && (stage === undefined || ('stage' in event && event.stage === stage)),
    );
    if (!found) throw new Error(`no ${kind} in the log`);
    return `campaigns/${this.campaign.id}/log/${String(found.head.number).padStart(6, '0')}.json`;
  }

  /** Puts a stage's manifest with other content in place of its own, signed by `key` or as it was, wherever it is named. */
  replaceManifest(
    stage: string,
    change: (statement: StageStatement) => void,
    key: SigningKey | null,
  ): string {
    const { manifest, key: stageKey } = this.stage(stage);
    const statement = structuredClone(manifest.statement);
    change(statement);
    const text = canonicalJson(statement);
    const envelope = key
      ? signText(text, PAYLOAD_TYPES.statement, key)
      : { ...(manifest.envelope as Envelope), payload: Buffer.from(text).toString('base64') };
    const digest = this.put(canonicalJson(envelope));
    this.edit(`stages/${stageKey}.json`, (result) => {
      result['manifest'].digest.sha256 = digest;
      for (const { name, digest: written } of statement.subject)
        if ('sha256' in written) result['outputs'][name].digest.sha256 = written.sha256;
      result['counts'] = statement.predicate.buildDefinition.internalParameters.counts;
      result['cost'] = statement.predicate.buildDefinition.internalParameters.cost;
    });
    return digest;
  }

  /** Writes the log anew from an entry on, so that it is one chain again; each entry signed by `key`. */
  rewriteLog(key: SigningKey, change: (entry: LogEntry) => LogEntry | null): void {
    const folder = `campaigns/${this.campaign.id}/log`;
    const entries = this.keys(folder).map((file) =>
      LogEntry.parse(JSON.parse(payloadOf(Envelope.parse(this.json(file))))),
    );
    for (const file of this.keys(folder)) this.remove(file);
    let previous: string | null = null;
    entries
      .flatMap((entry) => change(entry) ?? [])
      .forEach((entry, index) => {
        const text = canonicalJson({ ...entry, number: index + 1, previous });
        const file = canonicalJson(signText(text, PAYLOAD_TYPES.logEntry, key));
        this.write(`${folder}/${String(index + 1).padStart(6, '0')}.json`, file);
        previous = sha256(file);
      });
  }

  /** A manifest is replaced, and the log that names it is made anew, all signed: what someone with the key can do. */
  forgeManifest(stage: string, change: (statement: StageStatement) => void): string {
    const forged = this.replaceManifest(stage, change, this.key);
    this.rewriteLog(this.key, (entry) => {
      const { event } = entry;
      if (event.kind === 'stage-finished' && event.stage === stage) event.manifest = forged;
      return entry;
    });
    return forged;
  }

  /** The same for an output. */
  forgeOutput(stage: string, role: string, digest: string): void {
    this.forgeManifest(stage, (statement) => {
      const subject = statement.subject.find((one) => one.name === role);
      if (subject)
        Object.assign(subject, { digest: { sha256: digest }, uri: `s3://pi-loop/${blob(digest)}` });
    });
  }
}

export const blob = (digest: string): string => `blobs/sha256/${digest}`;
