import type { Bucket } from '../artifacts/bucket';
import { readBlob } from '../audit/readBlob';
import { type Finding, screen } from '../audit/screening';
import type { FolderFile } from '../formats/folder';
import { CommandError } from './commandError';

/** Text by its name; weights and the like are not read. */
const TEXT = /\.(?:jsonl?|md|txt|ya?ml|csv)$/;
/** A vocabulary is no text that somebody wrote. */
const VOCABULARY = /(?:^|\/)(?:tokenizer|vocab|merges|special_tokens_map|tokenizer_config)\b[^/]*$/;
const SHOWN = 10;

/** Blobs have no ending; what is no text has none of the forms that are looked for. */
const isRead = (path: string): boolean => TEXT.test(path) || path.startsWith('blobs/');
/** Temporal's histories hold payloads in base64, and no text that a model or a person wrote. */
const isHistory = (text: string): boolean => text.startsWith('{"events":[');

/** Errors: CommandError that lists what looks like a secret or like personal data in files that are to go out. */
export async function screenFiles(bucket: Bucket, files: readonly FolderFile[]): Promise<void> {
  const findings: Finding[] = [];
  for (const file of files.filter(({ path }) => isRead(path) && !VOCABULARY.test(path))) {
    const text = 'text' in file ? file.text : (await readBlob(bucket, file.blob)).toString('utf8');
    if (!isHistory(text)) findings.push(...screen(text, file.path));
  }
  if (findings.length === 0) return;
  const lines = findings
    .slice(0, SHOWN)
    .map(({ where, line, column, kind, masked }) => `  ${where}:${line}:${column}: ${kind}, ${masked}`);
  const more = findings.length > SHOWN ? [`  … and ${findings.length - SHOWN} more`] : [];
  throw new CommandError(
    [
      `What is to be written looks as if it held ${findings.length === 1 ? 'a secret or personal data' : 'secrets or personal data'}:`,
      ...lines,
      ...more,
      'Nothing was written. `pi-loop forget` removes a text for good; --allow-findings writes it as it is.',
    ].join('\n'),
  );
}
