import type { Bucket } from '../artifacts/bucket';
import { inParallel } from '../domain/inParallel';
import { CollectedEpisode } from '../schemas/episode';
import { MEDIA_TYPES } from '../schemas/names';
import { parseJson, readBlob } from './readBlob';
import type { AuditedCampaign } from './readCampaign';
import { type Finding, screen } from './screening';

export interface Screened {
  findings: Finding[];
  texts: number;
  bytes: number;
}

const READS_AT_ONCE = 16;
const NO_TEXT: ReadonlySet<string> = new Set([MEDIA_TYPES.directory, MEDIA_TYPES.binary]);

/** Screens a campaign's plan, its stages' texts, and the episodes and ratings of their indexes. Errors: ARTIFACT_*. */
export async function screenCampaign(bucket: Bucket, { plan, stages }: AuditedCampaign): Promise<Screened> {
  const outputs = stages.flatMap(({ id, result }) =>
    Object.entries(result.outputs)
      .filter(([, { mediaType }]) => !NO_TEXT.has(mediaType))
      .map(([role, ref]) => ({ where: `${id}/${role}`, ref })),
  );
  const indexes = outputs.filter(({ ref }) => ref.mediaType === MEDIA_TYPES.episodes);
  const named = await inParallel(indexes, READS_AT_ONCE, async ({ where, ref }) => {
    const lines = (await readBlob(bucket, ref.digest.sha256)).toString('utf8').split('\n');
    return lines
      .filter((line) => line !== '')
      .map((line) => parseJson(line, CollectedEpisode, where))
      .flatMap(({ id, episode, rating }) => [
        [episode, `episode ${id}`] as const,
        [rating, `rating of ${id}`] as const,
      ]);
  });
  const texts = new Map([
    [plan.digest, 'plan'] as const,
    ...outputs.map(({ where, ref }) => [ref.digest.sha256, where] as const),
    ...named.flat(),
  ]);
  const screened = await inParallel([...texts], READS_AT_ONCE, async ([digest, where]) => {
    const bytes = await readBlob(bucket, digest);
    return { findings: screen(bytes.toString('utf8'), where), bytes: bytes.byteLength };
  });
  return {
    findings: screened.flatMap(({ findings }) => findings),
    texts: screened.length,
    bytes: screened.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}
