import { type Finding, screen } from '../../audit/screening';
import { CommandError } from '../commandError';

const SHOWN = 20;

/** Keeps what screening finds in all texts of an export. */
export class Screening {
  readonly findings: Finding[] = [];

  /** @returns the text as it is */
  look(text: string, where: string): string {
    this.findings.push(...screen(text, where));
    return text;
  }

  /** @throws {CommandError} with the list, unless findings are allowed */
  judge(allowed: boolean): void {
    if (allowed || this.findings.length === 0) return;
    const lines = this.findings
      .slice(0, SHOWN)
      .map(({ where, line, column, kind, masked }) => `  ${where}:${line}:${column} ${kind}: ${masked}`);
    const more = this.findings.length > SHOWN ? [`  and ${this.findings.length - SHOWN} more`] : [];
    throw new CommandError(
      [
        'Nothing was exported: what looks like a secret or personal data would go out.',
        ...lines,
        ...more,
        'Look at each; `--allow-findings` exports them as they are.',
      ].join('\n'),
    );
  }
}
