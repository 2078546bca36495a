import {
  findSubjects,
  policiesOf,
  roundsOf,
  SHORTEST_PREFIX,
  type Tell,
} from '../../audit/find/findSubjects';
import { openArchives } from '../../audit/find/openArchive';
import { nameOf, type Subject } from '../../audit/find/subject';
import type { Archive } from '../../audit/index/archive';
import { auditCacheFolder } from '../../audit/index/blobCache';
import { fastestPromptReader } from '../../audit/index/promptIndex';
import type { Bucket } from '../../artifacts/bucket';
import { nearestWord } from '../../domain/campaign/nearestWord';
import { CommandError } from '../commandError';
import { inertLine } from '../render/inert';

/** How many of what a name may mean are listed. */
const LISTED = 12;

export interface Asked {
  archive: Archive;
  subject: Subject;
}

export interface AskOptions {
  campaign?: string;
  /** False by `--no-index`. */
  index: boolean;
  /** What a name means that both a policy and a round or a stage have. */
  first: 'scores' | 'parts';
}

/**
 * What a name means in the bucket's campaigns: the one that did something last comes first. Errors: CommandError when it
 * means nothing, with the nearest word, or more than one thing, with what these are.
 */
export async function ask(
  bucket: Bucket,
  name: string,
  { campaign, index, first }: AskOptions,
): Promise<Asked> {
  const archives = await openArchives(bucket, {
    campaign,
    cache: index ? auditCacheFolder() : null,
    tell,
    promptReader: fastestPromptReader,
  });
  for (const archive of archives) {
    const found = await findSubjects(archive, name, { tell, first });
    if (found.length === 0) continue;
    const [subject, ...others] = found;
    if (subject && others.length === 0) return { archive, subject };
    const listed = found.slice(0, LISTED).map((one) => `  ${nameOf(one)}`);
    const more = found.length > LISTED ? [`  … and ${found.length - LISTED} more`] : [];
    throw new CommandError(
      [
        `"${name}" may be ${found.length} things in campaign ${archive.campaign.id}:`,
        ...listed,
        ...more,
      ].join('\n'),
      { exitCode: 2 },
    );
  }
  throw new CommandError(`${unknown(archives, name, bucket.address)}`, { exitCode: 2 });
}

export const tell: Tell = (text) => void process.stderr.write(`${inertLine(text)}\n`);

function unknown(archives: readonly Archive[], name: string, address: string): string {
  const words = archives.flatMap((archive) => [
    ...archive.campaign.stages.map(({ id }) => id),
    ...policiesOf(archive),
    ...roundsOf(archive),
  ]);
  const nearest = nearestWord(name, [...new Set(words)]);
  if (archives.length === 0) return `There is no campaign in ${address} yet.`;
  const hint =
    nearest !== undefined
      ? `Did you mean "${nearest}"?`
      : `Give a round, a policy, a stage, an episode, EPISODE#TURN, EPISODE/POSITION/INDEX, or a digest or at least ${SHORTEST_PREFIX} characters of one.`;
  return `"${name}" is nothing that ${archives.map(({ campaign }) => campaign.id).join(', ')} knows. ${hint}`;
}
