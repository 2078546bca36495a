import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DirectoryBucket } from '../../artifacts/bucket';
import { type Archive } from '../../audit/index/archive';
import { openArchives } from '../../audit/find/openArchive';
import { type FindOptions, findSubjects } from '../../audit/find/findSubjects';
import type { Subject } from '../../audit/find/subject';
import type { Sizes } from '../../bench/audit/campaignSpec';
import { writeAuditedCampaign } from '../../bench/audit/writeAuditedCampaign';

const SIZES: Sizes = { episodes: 40, tasks: 4, turns: 4 };

/** The bucket of finished campaigns that nobody played, in a folder of its own; consistent in all that verification checks. */
export class AuditedCampaigns {
  readonly folder = mkdtempSync(join(tmpdir(), 'pi-loop-test-'));
  readonly directory = join(this.folder, 'bucket');
  readonly cache = join(this.folder, 'cache');
  readonly bucket = new DirectoryBucket(this.directory);

  write(campaign: string, sizes: Partial<Sizes> = {}): void {
    writeAuditedCampaign(this.directory, campaign, { ...SIZES, ...sizes });
  }

  /** One campaign's archive. @param cache where copies of its indexes are kept */
  async open(campaign: string, cache: string | null = null): Promise<Archive> {
    const [archive] = await openArchives(this.bucket, { campaign, cache });
    if (!archive) throw new Error(`there is no campaign ${campaign}`);
    return archive;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What a name means, where it means one thing. */
export async function subjectNamed(
  archive: Archive,
  name: string,
  options: Partial<FindOptions> = {},
): Promise<Subject> {
  const found = await findSubjects(archive, name, { tell: () => undefined, first: 'scores', ...options });
  const [only, ...others] = found;
  if (!only || others.length > 0) throw new Error(`"${name}" means ${found.length} things`);
  return only;
}
