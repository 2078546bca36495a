import { lineageDown } from '../../audit/lineage/down';
import type { RecordedCall } from '../../audit/lineage/modelCall';
import { callOfTurn } from '../../audit/lineage/modelCall';
import { ChoiceError, cut, type LineageNode } from '../../audit/lineage/node';
import { callNode } from '../../audit/lineage/steps';
import { lineageUp } from '../../audit/lineage/up';
import { verifyBucket } from '../../audit/verify/verifyBucket';
import { renderLineage } from '../../cli/render/lineageTree';
import type { Archive } from '../../audit/index/archive';
import { AuditedCampaigns, subjectNamed } from '../support/auditedCampaign';

const campaigns = new AuditedCampaigns();
let archive: Archive;

beforeAll(async () => {
  campaigns.write('first');
  archive = await campaigns.open('first');
});
afterAll(() => campaigns.remove());

const all = (one: LineageNode): LineageNode[] => [one, ...one.next.flatMap(all)];
const kindsOf = (one: LineageNode): string[] => all(one).map(({ kind }) => kind);

function only(root: LineageNode, kind: string): LineageNode {
  const [found] = all(root).filter((one) => one.kind === kind);
  if (!found) throw new Error(`the lineage has no ${kind}`);
  return found;
}

const up = async (name: string, chosen = {}) => lineageUp(archive, await subjectNamed(archive, name), chosen);
const down = async (name: string) => lineageDown(archive, await subjectNamed(archive, name));

test('the campaign that these tests ask about is one in which verification finds nothing', async () => {
  const { failures } = await verifyBucket(campaigns.bucket, { roots: [] });
  expect(failures).toEqual([]);
});

async function subjectOfTurn(name: string) {
  const subject = await subjectNamed(archive, name);
  if (subject.kind !== 'turn') throw new Error(`${name} is no turn`);
  return subject;
}

test('up from a score, every step down to one raw call is there', async () => {
  const kinds = kindsOf(await up('bc-sr'));
  const steps = [
    'score',
    'results',
    'evaluation',
    'checkpoint',
    'rows',
    'decisions',
    'episodes',
    'row',
    'decision',
    'rating',
    'episode',
    'turn',
    'call',
  ];
  let at = -1;
  for (const step of steps) {
    at = kinds.indexOf(step, at + 1);
    expect([step, at]).toEqual([step, expect.any(Number)]);
    expect(at).toBeGreaterThanOrEqual(0);
  }
});

test('the prompt of the call is the one that was asked: its digest is the one in the episode', async () => {
  const turn = await subjectNamed(archive, only(await up('bc-sr'), 'turn').id ?? '');
  if (turn.kind !== 'turn') throw new Error('no turn');
  const call = await callOfTurn(archive, turn.place, turn.number);
  const { turns } = await archive.episode(turn.place);
  expect(call?.promptDigest).toBe(turns[turn.number]?.call.promptDigest);
  expect(call?.answer).toBe(turns[turn.number]?.action.argument);
});

test('a prompt that is rendered otherwise than it was asked is said to be', () => {
  const kept = 'a'.repeat(64);
  const call: RecordedCall = {
    call: {
      model: 'm',
      snapshot: 'm',
      promptDigest: kept,
      usage: { inputTokens: 1, outputTokens: 1 },
      calls: 1,
    },
    prompt: [],
    promptDigest: 'b'.repeat(64),
    answer: null,
  };
  expect(callNode(call).details?.at(-1)).toMatch(/not the kept one ✗/);
  expect(callNode({ ...call, promptDigest: kept }).details?.at(-1)).toMatch(/✓/);
});

test('down from the turn that a score ends with leads back to that score', async () => {
  const turn = only(await up('bc-sr'), 'turn').id ?? '';
  const scores = all(await down(turn)).filter(({ kind }) => kind === 'score');
  expect(scores.map(({ id }) => id)).toEqual(['BC+SR']);
});

test('a turn of the first round has a part in the second as well', async () => {
  const turn = only(await up('bc'), 'turn').id ?? '';
  const scores = all(await down(turn)).filter(({ kind }) => kind === 'score');
  expect(scores.map(({ id }) => id).toSorted()).toEqual(['BC', 'BC+SR']);
});

test('a dialogue that a policy was evaluated by counts in its score alone', async () => {
  const { place } = (await archive.episodesHolding('"id":"task-test-00000-0-0"')).flatMap((found) =>
    found.stage.id === 'evaluate/BC' ? [{ place: found }] : [],
  )[0] ?? { place: undefined };
  const tree = await down(`${place?.row.episode}#0`);
  expect(
    all(tree)
      .filter(({ kind }) => kind === 'score')
      .map(({ id }) => id),
  ).toEqual(['BC']);
});

test('another episode and turn are shown where they are named', async () => {
  const dataset = archive.campaign.stages.find(({ id }) => id === 'BC/filter')?.result.outputs['dataset'];
  const rows = [...(await archive.lines(dataset?.digest.sha256 ?? '')).all()].map((line) => JSON.parse(line));
  const { episode } = rows.at(-1);
  const tree = await up('bc', { episode, turn: 2 });
  expect(only(tree, 'turn').id).toBe(`${episode}#2`);
});

test('a turn that an episode does not have is no turn of it, and nothing is said in its place', async () => {
  const { place } = await subjectOfTurn(only(await up('bc'), 'turn').id ?? '');
  const { turns } = await archive.episode(place);
  await expect(up('bc', { episode: place.row.id, turn: turns.length })).rejects.toThrow(ChoiceError);
  await expect(up('bc', { episode: place.row.id, turn: 99 })).rejects.toThrow(/none is 99/);
  await expect(subjectNamed(archive, `${place.row.id}#${turns.length}`)).rejects.toThrow('means 0 things');
});

test('each name leads up to a call or to where it came from, and can be cut to a depth', async () => {
  for (const name of ['BC/filter', 'BC/train', 'results', 'expert', only(await up('bc'), 'row').id ?? ''])
    expect(kindsOf(await up(name)).length).toBeGreaterThan(1);
  expect(kindsOf(cut(await up('bc-sr'), 3))).toHaveLength(3);
});

test('a lineage is read at 100 columns, and what models said does nothing to the terminal', async () => {
  const root: LineageNode = {
    kind: 'turn',
    id: 'x#0',
    text: `side 0 said: "\u001b[2J${'word '.repeat(60)}"`,
    details: ['system: \u001b]0;title\u0007'],
    next: [],
  };
  for (const tree of [await up('bc-sr'), root]) {
    const lines = renderLineage(tree, 'up', 100).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(lines.join('')).not.toMatch(/[\u001b\u0007]/);
  }
});
