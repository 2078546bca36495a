/** One mistake in a campaign file; line and column count from 1 and are null when there is no file to point into. */
export interface CampaignFileIssue {
  line: number | null;
  column: number | null;
  /** Such as `rounds[0].filter.policy`; empty for the file as a whole. */
  path: string;
  found: string;
  expected: string;
  suggestion?: string;
}

/** A campaign file that cannot be run, with all of its mistakes. */
export class CampaignFileError extends Error {
  override readonly name = 'CampaignFileError';
  readonly code = 'SPEC_INVALID';

  constructor(
    readonly file: string,
    readonly issues: readonly CampaignFileIssue[],
  ) {
    super(describe(file, issues));
  }
}

function describe(file: string, issues: readonly CampaignFileIssue[]): string {
  const count = issues.length === 1 ? 'one mistake' : `${issues.length} mistakes`;
  return [`${file} has ${count}:`, ...issues.map((issue) => `  ${describeIssue(file, issue)}`)].join('\n');
}

function describeIssue(
  file: string,
  { line, column, path, found, expected, suggestion }: CampaignFileIssue,
): string {
  const place = line === null ? file : `${file}:${line}:${column}`;
  const meant = suggestion === undefined ? '' : `; did you mean ${JSON.stringify(suggestion)}?`;
  return `${place}${path === '' ? '' : ` ${path}`}: found ${found}, expected ${expected}${meant}`;
}
