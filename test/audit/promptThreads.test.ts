import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { blobKey } from '../../artifacts/blobKey';
import { type Bucket, DirectoryBucket } from '../../artifacts/bucket';
import { openArchives } from '../../audit/find/openArchive';
import { promptRecords, RECORD_BYTES } from '../../audit/index/promptRecords';
import { type PromptPlace, turnsOfPrompt } from '../../audit/index/promptIndex';
import { inThreads } from '../../audit/threads';
import { built } from '../../deploy/local/checkout';
import { AuditedCampaigns } from '../support/auditedCampaign';
import { type ObjectStore, startObjectStore } from '../support/objectStore';

/** More than one portion of episodes a round. */
const EPISODES = 1200;

const campaigns = new AuditedCampaigns();
let objects: ObjectStore;
beforeAll(async () => {
  campaigns.write('first', { episodes: EPISODES, turns: 2 });
  objects = await startObjectStore();
  cpSync(campaigns.directory, objects.documentFile(''), { recursive: true });
});
afterAll(async () => {
  campaigns.remove();
  await objects.stop();
});

const threads = (bucket: Bucket) => inThreads(bucket, built('audit/index/promptThread.js'), promptRecords);
const quiet = () => undefined;

/** Searches all stages for it, and gives the indexes that are kept of that, with what was found. */
async function searched(bucket: Bucket, prompt: string, promptReader?: typeof threads) {
  const cache = join(campaigns.folder, `${promptReader ? 'threads' : 'one'}-${bucket.constructor.name}`);
  const [archive] = await openArchives(bucket, {
    cache,
    campaign: 'first',
    ...(promptReader ? { promptReader } : {}),
  });
  if (!archive) throw new Error('there is no campaign');
  const found: PromptPlace[] = await turnsOfPrompt(archive, prompt, quiet);
  const names = readdirSync(cache).filter((name) => name.includes('.prompts-of-'));
  return { found, indexes: names.sort().map((name) => [name, readFileSync(join(cache, name), 'hex')]) };
}

const NO_PROMPT = 'f'.repeat(64);

test.each(['a folder', 'a store'])('threads make of %s the indexes that one thread makes', async (where) => {
  const bucket = where === 'a folder' ? campaigns.bucket : objects.store;
  const expected = await searched(campaigns.bucket, NO_PROMPT);
  const { found, indexes } = await searched(bucket, NO_PROMPT, threads);
  expect(found).toEqual([]);
  expect(indexes.map(([name]) => name)).toEqual(expected.indexes.map(([name]) => name));
  expect(indexes).toEqual(expected.indexes);
  expect(indexes.some(([, bytes]) => (bytes?.length ?? 0) / 2 / RECORD_BYTES >= EPISODES)).toBe(true);
});

test('what a thread cannot read is told as it is in one thread', async () => {
  const directory = join(campaigns.folder, 'damaged');
  cpSync(campaigns.directory, directory, { recursive: true });
  const bucket = new DirectoryBucket(directory);
  const [archive] = await openArchives(bucket, { cache: null, promptReader: threads });
  const [place] = (await archive?.episodesHolding('"id":"task-bc-00001-0-0"')) ?? [];
  rmSync(join(directory, blobKey(place?.row.episode ?? '')));
  if (!archive) throw new Error('there is no campaign');
  await expect(turnsOfPrompt(archive, NO_PROMPT, quiet)).rejects.toMatchObject({
    code: 'ARTIFACT_MISSING',
    message: expect.stringContaining(place?.row.episode ?? 'a digest'),
  });
});
