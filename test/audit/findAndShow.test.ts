import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Bucket } from '../../artifacts/bucket';
import { sha256 } from '../../artifacts/canonicalJson';
import { openArchives } from '../../audit/find/openArchive';
import { findSubjects } from '../../audit/find/findSubjects';
import type { Archive } from '../../audit/index/archive';
import { BlobCache } from '../../audit/index/blobCache';
import { Lines, member } from '../../audit/index/lines';
import { show } from '../../audit/show/show';
import { renderPage } from '../../cli/render/page';
import { AuditedCampaigns, subjectNamed } from '../support/auditedCampaign';

const campaigns = new AuditedCampaigns();
let archive: Archive;

beforeAll(async () => {
  campaigns.write('first');
  archive = await campaigns.open('first', campaigns.cache);
});
afterAll(() => campaigns.remove());

const find = (name: string, told: string[] = []) =>
  findSubjects(archive, name, { tell: (text) => void told.push(text), first: 'parts' });
const kinds = async (name: string) => (await find(name)).map(({ kind }) => kind);
const text = async (name: string) =>
  renderPage((await show(archive, await subjectNamed(archive, name, { first: 'parts' }))).page, 100);

async function anEpisode() {
  const [place] = await archive.episodesHolding(member('id', 'task-bc-00001-0-0'));
  if (!place) throw new Error('the campaign lacks the episode');
  return place;
}

test('whatever a campaign has is found by its name or by the beginning of its digest', async () => {
  const { row } = await anEpisode();
  const { turns } = await archive.episode(await anEpisode());
  const { plan, stages, log } = archive.campaign;
  const [first] = stages;
  const names: [string, string][] = [
    ['bc-sr', 'round'],
    ['BC', 'round'],
    ['expert:goal', 'score'],
    ['BC/filter', 'stage'],
    [row.id, 'episode'],
    [row.episode.slice(0, 10), 'episode'],
    [row.rating.slice(0, 10), 'rating'],
    [`${row.id}#1`, 'turn'],
    [`${row.episode.slice(0, 8)}#3`, 'turn'],
    [plan.digest.slice(0, 8), 'plan'],
    [log[3]?.head.digest.slice(0, 9) ?? '', 'entry'],
    [first?.manifest.digest.slice(0, 8) ?? '', 'manifest'],
    [first?.key ?? '', 'stage'],
  ];
  for (const [name, kind] of names) expect([name, await kinds(name)]).toEqual([name, [kind]]);
  // Several conversations may have begun alike.
  const prompted = await find(turns[3]?.call.promptDigest ?? '');
  expect(prompted).toContainEqual({ kind: 'turn', place: await anEpisode(), number: 3 });
  expect(new Set(prompted.map(({ kind }) => kind))).toEqual(new Set(['turn']));
});

test('what fits several things gives all of them; what fits nothing, or is too short, none', async () => {
  expect((await find('task-bc-0000')).length).toBeGreaterThan(1);
  expect(await find('task-bc')).toEqual([]);
  expect(await find('nothing-like-it')).toEqual([]);
  expect(await find(`${(await anEpisode()).row.id}#99`)).toEqual([]);
  expect(await kinds('task-test-00000-0-0')).toHaveLength(4);
});

test('a campaign that cannot be read hides none of the others, and is told', async () => {
  const bucket: Bucket = {
    address: 'a bucket with a broken campaign',
    read: async (key) => (key === 'campaigns/broken.json' ? Buffer.from('{}') : campaigns.bucket.read(key)),
    list: async (prefix) => [...(await campaigns.bucket.list(prefix)), 'campaigns/broken.json'],
  };
  const told: string[] = [];
  const opened = await openArchives(bucket, { cache: null, tell: (one) => void told.push(one) });
  expect(opened.map(({ campaign }) => campaign.id)).toEqual(['first']);
  expect(told).toEqual([expect.stringMatching(/passed over: .*broken/)]);
  await expect(openArchives(bucket, { cache: null, campaign: 'broken' })).rejects.toThrow(/broken/);
});

test('prompts are indexed once, and it is said while that takes its time', async () => {
  const { turns } = await archive.episode(await anEpisode());
  const prompt = turns[1]?.call.promptDigest ?? '';
  const fresh = await campaigns.open('first', join(campaigns.folder, 'other-cache'));
  const ask = async () => {
    const told: string[] = [];
    await findSubjects(fresh, prompt, { tell: (one) => void told.push(one), first: 'parts' });
    return told;
  };
  expect((await ask()).join()).toMatch(/reads the episodes of BC\/collect once/);
  expect(await ask()).toEqual([]);
});

test('a page tells of an episode what was said, how it was rated, and what was learned from it', async () => {
  const page = await text('task-bc-00001-0-0');
  expect(page).toMatch(/scenario/);
  expect(page).toMatch(/#3 .* said: "/);
  expect(page).toMatch(/goal \d+: Of goal:/);
  expect(page).toMatch(
    /side [01]: (kept|dropped) by paper-sr in BC\/filter: (top-of-task|below-top), rank \d/,
  );
});

test('a page tells of a stage all that its manifest says, and of an artifact who wrote and read it', async () => {
  expect(await text('BC/filter')).toMatch(/filter\.share: 0\.2[\s\S]*read\n {2}episodes: [\s\S]*wrote\n/);
  const dataset = archive.campaign.stages.find(({ id }) => id === 'BC/filter')?.result.outputs['dataset'];
  const page = await text(dataset?.digest.sha256 ?? '');
  expect(page).toMatch(/written by {2}BC\/filter as dataset/);
  expect(page).toMatch(/read by {5}BC\/train as dataset/);
  expect(await text('bc')).toMatch(/BC\/collect: 20 episodes[\s\S]*goal: \d/);
});

test('nothing that a model says can pass for a member of a line', () => {
  const rows = [
    { id: 'a', text: '"id":"b"' },
    { id: 'b', text: '' },
  ].map((row) => JSON.stringify(row));
  const lines = new Lines(Buffer.from(`${rows.join('\n')}\n`));
  expect([...lines.holding(member('id', 'b'))]).toEqual([rows[1]]);
  expect(lines.count).toBe(2);
  expect([...lines.all()]).toEqual(rows);
});

describe('copies of blobs', () => {
  let made = 0;
  const folder = () => join(campaigns.folder, `cache-${(made += 1)}`);
  const bucketOf = (...texts: string[]) => {
    const objects = new Map(texts.map((one) => [`blobs/sha256/${sha256(one)}`, Buffer.from(one)]));
    const read = jest.fn(async (key: string) => objects.get(key) ?? null);
    return { address: 'memory', read, list: async () => [] } satisfies Bucket;
  };

  test('are read instead of the bucket, which may be gone', async () => {
    const [bucket, cache] = [bucketOf('one'), folder()];
    await new BlobCache(bucket, cache).bytes(sha256('one'));
    const again = await new BlobCache(bucketOf(), cache).bytes(sha256('one'));
    expect(again.toString()).toBe('one');
  });

  test('are never made of bytes that are not what their digest says', async () => {
    const cache = folder();
    const bucket: Bucket = { ...bucketOf(), read: async () => Buffer.from('other') };
    await expect(new BlobCache(bucket, cache).bytes(sha256('one'))).rejects.toThrow(/has bytes of digest/);
    expect(() => readdirSync(cache)).toThrow('ENOENT');
  });

  test('are read from the bucket again when they have other bytes by now', async () => {
    const [bucket, cache] = [bucketOf('one'), folder()];
    const blobs = new BlobCache(bucket, cache);
    await blobs.bytes(sha256('one'));
    writeFileSync(join(cache, sha256('one')), 'two');
    expect((await blobs.bytes(sha256('one'))).toString()).toBe('one');
    expect((await new BlobCache(bucketOf(), cache).bytes(sha256('one'))).toString()).toBe('one');
  });

  test('take no more room than they may: the one that was used longest ago goes first', async () => {
    const texts = ['a', 'b', 'c'].map((letter) => letter.repeat(100));
    const [bucket, cache] = [bucketOf(...texts), folder()];
    const blobs = new BlobCache(bucket, cache, 250);
    for (const one of texts) await blobs.bytes(sha256(one));
    const kept = readdirSync(cache);
    expect(kept).toHaveLength(2);
    expect(kept).toContain(sha256(texts[2] ?? ''));
    expect(kept.reduce((sum, name) => sum + statSync(join(cache, name)).size, 0)).toBeLessThanOrEqual(250);
  });

  test('are done without where none can be written', async () => {
    const place = join(campaigns.folder, 'a-file');
    writeFileSync(place, '');
    const bytes = await new BlobCache(bucketOf('one'), join(place, 'cache')).bytes(sha256('one'));
    expect(bytes.toString()).toBe('one');
  });
});
