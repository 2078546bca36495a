import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  checkPrices,
  type ParsedCampaign,
  parseCampaign,
  pathText,
  type SpecIssue,
  valueAt,
} from '../domain/campaign';
import { LISTED_PRICES } from '../domain/prices/priceTable';
import type { CampaignSpec } from '../schemas/campaign';
import type { PriceTable } from '../schemas/price';
import { CampaignFileError, type CampaignFileIssue } from './campaignFile/campaignFileError';
import { checkFiles, type ModelFolders } from './campaignFile/checkFiles';
import { readPrices } from './campaignFile/readPrices';
import { readYaml, type YamlSource } from './campaignFile/readYaml';

export { CampaignFileError, type CampaignFileIssue, type ModelFolders };

export interface CampaignFile {
  spec: CampaignSpec;
  /** Absolute paths of the files and folders that the campaign names, by their path in the spec. */
  files: Record<string, string>;
  /** What models and GPUs cost. */
  prices: PriceTable;
}

/**
 * Reads a campaign file (YAML) and the names of the files beside it.
 * Errors: CampaignFileError with every mistake at once: YAML, schema, rules between parts, missing files.
 */
export async function readCampaignFile(path: string, models: ModelFolders = 'needed'): Promise<CampaignFile> {
  const source = readYaml(await readText(path));
  const parsed = parseCampaign(source.data);
  const { files, issues: fileIssues } = await checkFiles(parsed, dirname(path), models);
  const { prices, issues: priceIssues } = await pricesOf(parsed, dirname(path));
  const issues = [
    ...source.issues,
    ...[...parsed.issues, ...fileIssues, ...priceIssues]
      .filter((issue) => !source.broken || isThere(issue, parsed, source))
      .map((issue) => locate(issue, parsed, source)),
  ];
  if (issues.length > 0 || parsed.spec === null) throw new CampaignFileError(path, issues.sort(byPlace));
  return { spec: parsed.spec, files, prices };
}

async function pricesOf(
  { spec }: ParsedCampaign,
  folder: string,
): Promise<{ prices: PriceTable; issues: SpecIssue[] }> {
  if (spec === null) return { prices: LISTED_PRICES, issues: [] };
  const { table: prices, issues } = await readPrices(spec, folder);
  return { prices, issues: [...issues, ...checkPrices(spec, prices)] };
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const found = READ_FAULTS[(error as NodeJS.ErrnoException).code ?? ''] ?? String(error);
    throw new CampaignFileError(path, [
      { line: null, column: null, path: '', found, expected: 'a campaign file in YAML' },
    ]);
  }
}

const READ_FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EISDIR: 'a folder',
  EACCES: 'a file that may not be read',
};

/**
 * Where the YAML is broken, what seems to be missing may stand in the part that could not be read, and keys may have
 * come to stand where they do not belong: only what is surely a mistake of its own is reported.
 */
function isThere(
  { path, unknownKey, suggestion }: SpecIssue,
  parsed: ParsedCampaign,
  source: YamlSource,
): boolean {
  if (unknownKey) return suggestion !== undefined;
  return (valueAt(source.data, parsed.originalPath(path)) ?? null) !== null;
}

function locate(issue: SpecIssue, parsed: ParsedCampaign, source: YamlSource): CampaignFileIssue {
  const { path, found, expected, suggestion, unknownKey } = issue;
  const original = parsed.originalPath(path);
  const isDefault = found !== 'nothing' && !unknownKey && valueAt(source.data, original) === undefined;
  return {
    ...source.placeOf(original, unknownKey ? 'key' : 'value'),
    path: pathText(original),
    found: isDefault ? `${found} (the default)` : found,
    expected,
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}

const byPlace = (a: CampaignFileIssue, b: CampaignFileIssue): number =>
  (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
