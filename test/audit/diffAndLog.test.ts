import { compareSides } from '../../audit/diff/compareCampaigns';
import { campaignSide, roundSide } from '../../audit/diff/side';
import { differencePage } from '../../cli/render/difference';
import { renderLog } from '../../cli/render/campaignLog';
import { renderPage } from '../../cli/render/page';
import { readLog, type StoredEntry } from '../../artifacts/campaignLog';
import { AuditedCampaigns } from '../support/auditedCampaign';

const campaigns = new AuditedCampaigns();

beforeAll(() => {
  campaigns.write('first');
  campaigns.write('same');
  campaigns.write('looser', { share: 0.6 });
});
afterAll(() => campaigns.remove());

const sides = async (...ids: string[]) =>
  Promise.all(ids.map(async (id) => campaignSide(await campaigns.open(id))));

async function difference(a: string, b: string) {
  const [before, after] = await sides(a, b);
  if (!before || !after) throw new Error('both are there');
  return compareSides(before, after);
}

test('of two campaigns that did the same, all is said to be the same', async () => {
  const same = await difference('first', 'same');
  expect(same.settings).toEqual([]);
  expect(same.stages.different).toEqual([]);
  expect(same.rounds.flatMap(({ flipped }) => flipped)).toEqual([]);
  const page = renderPage(differencePage(same), 100);
  expect(page).toMatch(/settings\n {2}the same\n/);
  expect(page).toMatch(/episodes: the same 20\n {2}decisions: the same 40; none flipped/);
  expect(page).toMatch(/BC, goal: the same \d/);
});

test('of two campaigns with another filter, the decisions that flipped are told with both reasons', async () => {
  const other = await difference('first', 'looser');
  const bc = other.rounds.find(({ round }) => round === 'BC');
  expect(other.settings.map(({ stage, path }) => `${stage} ${path}`)).toEqual([
    'BC/filter parameters.filter.share',
    'BC+SR/filter parameters.filter.share',
  ]);
  expect(bc?.episodes).toMatchObject({ same: 20, changed: 0, onlyA: 0, onlyB: 0 });
  expect(bc?.flipped.length).toBeGreaterThan(0);
  expect(new Set(bc?.flipped.map(({ a, b }) => `${a.reason} → ${b.reason}`))).toEqual(
    new Set(['below-top → top-of-task']),
  );
  expect(bc?.rows).toMatchObject({ onlyA: 0, onlyB: bc?.flipped.length });
  expect(other.stages.same).toContain('BC/collect');
  expect(other.stages.different).toContain('BC/filter');
});

test('two rounds of a campaign are compared by what was asked, learned and scored', async () => {
  const archive = await campaigns.open('first');
  const rounds = await compareSides(roundSide(archive, 'BC'), roundSide(archive, 'BC+SR'));
  expect(rounds.settings.map(({ path }) => path)).toContain('parameters.players[0].kind');
  expect(rounds.rounds[0]?.episodes).toMatchObject({ same: 0, onlyA: 20, onlyB: 20 });
  const [goal] = rounds.scores;
  expect(goal?.policy).toBe('BC and BC+SR');
  expect(goal?.tested?.difference).toBeCloseTo((goal?.b?.mean ?? 0) - (goal?.a?.mean ?? 0), 10);
});

test('a log ends with the head that is to be noted, and tells what people changed and why', async () => {
  const log = await readLog(campaigns.bucket, 'first');
  const last = log.at(-1);
  if (!last) throw new Error('the log is empty');
  const amended: StoredEntry = {
    ...last,
    entry: {
      ...last.entry,
      actor: 'anna',
      reason: 'too few \u001b[31mrows',
      event: {
        kind: 'steering',
        record: {
          request: 'r',
          who: 'anna',
          why: 'too few rows',
          number: 1,
          at: last.entry.at,
          kind: 'amend',
          stages: ['BC/filter'],
          changes: [{ stage: 'BC/filter', path: 'parameters.filter.share', from: '0.2', to: '0.6' }],
          plan: 'a'.repeat(64),
          refused: null,
        },
      },
    },
  };
  const text = renderLog([...log, amended]);
  expect(text).toContain(`head ${last.head.number}:${last.head.digest}\n`);
  expect(text).toMatch(/anna: amend BC\/filter\n {6}why: too few \\u001b\[31mrows\n/);
  expect(text).toContain('BC/filter: parameters.filter.share: 0.2 → 0.6');
  expect(text).toMatch(/ 1 {2}2026-11-20 08:00:01 {2}campaign: started with plan [0-9a-f]{12}\n/);
});
