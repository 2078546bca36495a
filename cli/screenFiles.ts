import type { Bucket } from '../artifacts/bucket';
import { readBlobChunks } from '../audit/readBlob';
import type { FolderFile } from '../formats/folder';
import { Screening } from './export/screened';

/** Text by its name; weights and the like are not read. */
const TEXT = /\.(?:jsonl?|md|txt|ya?ml|csv)$/;
/** A vocabulary is no text that somebody wrote. */
const VOCABULARY = /(?:^|\/)(?:tokenizer|vocab|merges|special_tokens_map|tokenizer_config)\b[^/]*$/;

/** Bytes at the beginning of a file in which text has no zero. */
const LOOKED_AT = 1024;

/** Blobs have no ending; what is no text has none of the forms that are looked for. */
const isRead = (path: string): boolean => TEXT.test(path) || path.startsWith('blobs/');
/** Temporal's histories hold payloads in base64, and no text that a model or a person wrote. */
const isHistory = (text: string): boolean => text.startsWith('{"events":[');

/** Null for weights and other bytes that are no text: of those nothing is held. */
async function textOf(bucket: Bucket, digest: string): Promise<string | null> {
  const chunks: Buffer[] = [];
  let isText = true;
  await readBlobChunks(bucket, digest, async (chunk) => {
    isText &&= chunks.length > 0 || !chunk.subarray(0, LOOKED_AT).includes(0);
    if (isText) chunks.push(chunk);
  });
  return isText ? Buffer.concat(chunks).toString('utf8') : null;
}

/** Errors: CommandError that lists what looks like a secret or like personal data in files that are to go out. */
export async function screenFiles(bucket: Bucket, files: readonly FolderFile[]): Promise<void> {
  const screening = new Screening();
  for (const file of files.filter(({ path }) => isRead(path) && !VOCABULARY.test(path))) {
    const text = 'text' in file ? file.text : await textOf(bucket, file.blob);
    if (text !== null && !isHistory(text)) screening.look(text, file.path);
  }
  screening.judge(false);
}
