import { CampaignSpec } from '../../schemas/campaign';
import { checkCampaign } from './checkCampaign';
import { describeValue } from './describeValue';
import { Draft } from './draft';
import { readSchemaIssues } from './readSchemaIssues';
import { isMapping, type Path, type SpecIssue, startsWith } from './specIssue';

/** Enough for every layer of a spec to be replaced once; a file that needs more has its mistakes reported by then. */
const MOST_PASSES = 30;

export interface ParsedCampaign {
  /** The campaign, with what was wrong replaced where there are issues; null when there was nothing to go on. */
  spec: CampaignSpec | null;
  issues: SpecIssue[];
  /** Where an issue lies in the data as given: keys taken for misspelt are followed by their old name. */
  originalPath: (path: Path) => Path;
  /** Whether what lies at a path is a replacement, so that nothing can be said about it. */
  isReplaced: (path: Path) => boolean;
}

/**
 * Reads plain data as a campaign and finds all of its mistakes at once. Wrong parts are replaced by valid ones and the
 * rest is checked again, until the rules between parts can be checked too; what depends on a replaced part is not
 * reported, since it cannot be known.
 */
export function parseCampaign(data: unknown): ParsedCampaign {
  const draft = new Draft(data);
  const issues: SpecIssue[] = [];
  const keep = (found: readonly SpecIssue[]) => {
    issues.push(...found.filter((issue) => !dependsOnReplaced(issue, draft.replaced)));
  };
  const parsed = (spec: CampaignSpec | null): ParsedCampaign => ({
    spec,
    issues,
    originalPath: (path) => draft.originalPath(path),
    isReplaced: (path) => draft.replaced.some((replaced) => startsWith(path, replaced)),
  });
  if (!isMapping(data)) {
    keep([{ path: [], found: describeValue(data, []), expected: `a mapping with ${topKeys().join(', ')}` }]);
    return parsed(null);
  }
  for (let pass = 0; pass < MOST_PASSES; pass += 1) {
    const result = CampaignSpec.safeParse(draft.data);
    if (result.success) {
      keep(checkCampaign(result.data));
      return parsed(result.data);
    }
    const found = readSchemaIssues(CampaignSpec, draft.data, result.error.issues);
    keep(found);
    for (const issue of found) draft.repair(issue);
  }
  return parsed(null);
}

const topKeys = (): string[] => Object.keys(CampaignSpec.shape);

function dependsOnReplaced({ path, expected, related = [] }: SpecIssue, replaced: readonly Path[]): boolean {
  return replaced.some(
    (part) =>
      startsWith(path, part) ||
      related.some((other) => startsWith(other, part) || startsWith(part, other)) ||
      (startsWith(part, path) && mentions(expected, part.at(-1))),
  );
}

/** A rule about a whole mapping (`give exactly one of steps and epochs`) names the keys it is about. */
const mentions = (rule: string, key: string | number | undefined): boolean =>
  rule.split(/[^A-Za-z0-9]+/).includes(String(key));
