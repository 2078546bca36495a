import { type ImportedProfiles, type ImportFinding, summariseFindings } from '../../domain/tasks';

/** What the imported files hold, and what was odd in them, grouped; worst first. */
export function renderImport({
  agents,
  relationships,
  environments,
  prescribedPairs,
  findings,
}: ImportedProfiles): string {
  const pairs = Object.values(prescribedPairs).reduce((sum, list) => sum + list.length, 0);
  const held = `Import: ${environments.length} environments, ${agents.length} agents, ${relationships.length} relationships, ${pairs} prescribed pairs`;
  if (findings.length === 0) return `${held}; nothing odd.`;
  const groups = summariseFindings(findings).sort((a, b) => rank(a) - rank(b));
  const lines = groups.map(
    (group) =>
      `  ${group.severity.padEnd(7)} ${group.file}: ${described(group)}${group.count > 1 ? ` (${group.count} times)` : ''}`,
  );
  return [`${held}; ${findings.length} findings:`, ...lines].join('\n');
}

/** Every finding on a line of its own. */
export const renderFindings = (findings: readonly ImportFinding[]): string =>
  findings
    .map((finding) => `${finding.file}:${finding.line}: ${finding.severity}: ${described(finding)}`)
    .join('\n');

/** What was found where, and what was done; what was done may itself begin with what was found. */
const described = ({ field, found, did }: Pick<ImportFinding, 'field' | 'found' | 'did'>): string =>
  `${field === '' ? '' : `${field}: `}${did.startsWith(found) ? did : `${found}, ${did}`}`;

const SEVERITIES = ['error', 'warning', 'note'] as const;
const rank = ({ severity }: Pick<ImportFinding, 'severity'>): number => SEVERITIES.indexOf(severity);
