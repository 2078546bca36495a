import { blobKey } from '../../artifacts/blobKey';
import { DirectoryListing } from '../../schemas/artifact';
import { METRICS } from '../../schemas/evaluation';
import { MEDIA_TYPES } from '../../schemas/names';
import { DialogueRow } from '../../schemas/training';
import { type Archive, type EpisodePlace } from '../index/archive';
import { member, memberBeginning } from '../index/lines';
import { turnsOfPrompt } from '../index/promptIndex';
import { hasTurn } from '../lineage/modelCall';
import type { AuditedStage } from '../readCampaign';
import { outputOf } from '../readManifest';
import type { Subject } from './subject';

/** Fewer characters of an id or a digest say too little. */
export const SHORTEST_PREFIX = 8;
const TURN = /^(.+)#(\d+)$/;
const ROW = /^(.+)\/([01])\/(\d+)$/;
const HEX = /^[0-9a-f]{8,64}$/;

/** What is told while an index is made. */
export type Tell = (text: string) => void;

export interface FindOptions {
  tell: Tell;
  /** What a name means that both a policy and a round or a stage have. */
  first: 'scores' | 'parts';
}

/**
 * What a name may mean in a campaign: a policy (its score), a round, a stage, an episode, a turn `EPISODE#NUMBER`, a
 * training row `EPISODE/POSITION/INDEX`, or the digest of anything; of ids of episodes and of digests a beginning of
 * eight characters will do. The first kind that fits is meant; several are given where they fit alike.
 */
export async function findSubjects(
  archive: Archive,
  name: string,
  { tell, first }: FindOptions,
): Promise<Subject[]> {
  const turn = TURN.exec(name);
  if (turn) return turnsNamed(archive, turn[1] ?? '', Number(turn[2]), { tell, first });
  const named = first === 'scores' ? [scores, rounds, stages] : [rounds, stages, scores];
  for (const find of [...named, rows, episodes, digests, blobs, prompts]) {
    const found = await find(archive, name, tell);
    if (found.length > 0) return found;
  }
  return [];
}

async function turnsNamed(
  archive: Archive,
  name: string,
  number: number,
  options: FindOptions,
): Promise<Subject[]> {
  const found = await findSubjects(archive, name, options);
  const turns = await Promise.all(
    found.map(async (subject): Promise<Subject[]> => {
      if (subject.kind !== 'episode' || number > subject.place.row.turns) return [];
      const { place } = subject;
      return hasTurn(await archive.episode(place), number) ? [{ kind: 'turn', place, number }] : [];
    }),
  );
  return turns.flat();
}

/** Names are compared without case, and all but letters and digits as one dash: `bc-sr` is `BC+SR`. */
const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]+/g, '-');

/** Names of the policies in the results, references among them. */
export const policiesOf = ({ campaign }: Archive): string[] =>
  campaign.plan.plan.stages.flatMap(({ id, kind }) =>
    kind === 'evaluatePolicy' ? [id.replace(/^evaluate\//, '')] : [],
  );

/** Names of the rounds: what stands before the slash in `ROUND/collect`. */
export const roundsOf = ({ campaign }: Archive): string[] =>
  campaign.plan.plan.stages.flatMap(({ id, kind }) =>
    kind === 'collectEpisodes' ? [id.replace(/\/collect$/, '')] : [],
  );

async function scores(archive: Archive, name: string): Promise<Subject[]> {
  const [policy = '', metric = 'goal'] = name.split(':');
  if (!METRICS.some((one) => one === metric)) return [];
  return policiesOf(archive)
    .filter((one) => plain(one) === plain(policy))
    .map((one) => ({ kind: 'score', policy: one, metric }));
}

async function rounds(archive: Archive, name: string): Promise<Subject[]> {
  const found = roundsOf(archive).find((round) => plain(round) === plain(name));
  return found === undefined ? [] : [{ kind: 'round', name: found }];
}

async function stages({ campaign }: Archive, name: string): Promise<Subject[]> {
  const found = campaign.stages.find(({ id }) => id === name);
  return found ? [{ kind: 'stage', stage: found }] : [];
}

async function rows(archive: Archive, name: string): Promise<Subject[]> {
  const [, episode] = ROW.exec(name) ?? [];
  if (episode === undefined) return [];
  const found = await Promise.all(
    datasetsOf(archive).map(async ({ stage, dataset }) => {
      const held = await archive.rowsHolding(dataset, member('id', name), DialogueRow);
      return held.map((row): Subject => ({ kind: 'row', stage, row }));
    }),
  );
  return found.flat();
}

/** Stages that made training rows of episodes. */
export const datasetsOf = ({ campaign }: Archive): { stage: AuditedStage; dataset: string }[] =>
  campaign.stages.flatMap((stage) => {
    const dataset = stage.kind === 'filterEpisodes' && outputOf(stage.manifest.statement, 'dataset');
    return dataset ? [{ stage, dataset }] : [];
  });

async function episodes(archive: Archive, name: string): Promise<Subject[]> {
  const exact = await archive.episodesHolding(member('id', name));
  if (exact.length > 0 || name.length < SHORTEST_PREFIX) return exact.map(asEpisode);
  return (await archive.episodesHolding(memberBeginning('id', name))).map(asEpisode);
}

const asEpisode = (place: EpisodePlace): Subject => ({ kind: 'episode', place });

async function digests(archive: Archive, name: string): Promise<Subject[]> {
  if (!HEX.test(name)) return [];
  const { campaign } = archive;
  const begins = (digest: string) => digest.startsWith(name);
  const places = await archive.episodesHolding(
    memberBeginning('episode', name),
    memberBeginning('rating', name),
  );
  const found: Subject[] = [
    ...(begins(campaign.plan.digest) ? [{ kind: 'plan' as const, digest: campaign.plan.digest }] : []),
    ...campaign.log
      .filter(({ head }) => begins(head.digest))
      .map((entry) => ({ kind: 'entry' as const, entry })),
    ...campaign.stages.flatMap((stage): Subject[] => [
      ...(begins(stage.manifest.digest) ? [{ kind: 'manifest' as const, stage }] : []),
      ...(begins(stage.key) ? [{ kind: 'stage' as const, stage }] : []),
      ...Object.entries(stage.result.outputs)
        .filter(([, { digest }]) => begins(digest.sha256))
        .map(([role, { digest }]) => ({ kind: 'artifact' as const, stage, role, digest: digest.sha256 })),
    ]),
    ...places.map((place): Subject => ({ kind: begins(place.row.episode) ? 'episode' : 'rating', place })),
  ];
  return onePerArtifact(found.length > 0 ? found : await files(archive, begins));
}

/** What several stages wrote alike is what the first of them wrote. */
function onePerArtifact(subjects: readonly Subject[]): Subject[] {
  const seen = new Set<string>();
  return subjects.filter((subject) => {
    if (subject.kind !== 'artifact' && subject.kind !== 'file') return true;
    const isNew = !seen.has(subject.digest);
    seen.add(subject.digest);
    return isNew;
  });
}

/** Files of the folders that stages wrote. */
async function files(archive: Archive, begins: (digest: string) => boolean): Promise<Subject[]> {
  const folders = archive.campaign.stages.flatMap((stage) =>
    Object.entries(stage.result.outputs)
      .filter(([, { mediaType }]) => mediaType === MEDIA_TYPES.directory)
      .map(([role, { digest }]) => ({ stage, role, digest: digest.sha256 })),
  );
  const found = await Promise.all(
    folders.map(async ({ stage, role, digest }) => {
      const listing = await archive.json(digest, DirectoryListing);
      return listing.files
        .filter(({ sha256 }) => begins(sha256))
        .map((file): Subject => ({ kind: 'file', stage, role, name: file.name, digest: file.sha256 }));
    }),
  );
  return found.flat();
}

async function prompts(archive: Archive, name: string, tell: Tell): Promise<Subject[]> {
  if (!HEX.test(name)) return [];
  const found = await turnsOfPrompt(archive, name, tell);
  return found.map(({ place, turn }) =>
    turn === null ? { kind: 'rating', place } : { kind: 'turn', place, number: turn },
  );
}

/** Whatever else the bucket holds. */
async function blobs({ bucket }: Archive, name: string): Promise<Subject[]> {
  if (!HEX.test(name)) return [];
  const keys = await bucket.list(blobKey(name));
  return keys.map((key) => ({ kind: 'blob', digest: key.slice(blobKey('').length) }));
}
