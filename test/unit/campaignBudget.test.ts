import type { CampaignBudget } from '../../activities/models/budget/campaignBudget';
import { CampaignBudgets } from '../../activities/models/budget/campaignBudgets';
import { failure } from '../../activities/support/failures';
import { ledgerKey } from '../../artifacts/documentKeys';
import { bookedFor, EVERYTHING } from '../../domain/budget/ledger';
import { Ledger, type Purpose, type Role } from '../../schemas/ledger';
import type { PlanLimits } from '../../schemas/plan';
import { type ObjectStore, startObjectStore } from '../support/objectStore';

let objects: ObjectStore;
beforeAll(async () => {
  objects = await startObjectStore();
});
afterAll(() => objects.stop());

/** A worker of a campaign; it knows of the others by the store alone. */
const worker = (campaign: string): CampaignBudget => new CampaignBudgets(objects.open()).of(campaign);

const ledgerOf = async (campaign: string): Promise<Ledger> =>
  Ledger.parse(await objects.store.getDocument(ledgerKey(campaign), Ledger));

const calls = (modelCalls: number | null): PlanLimits => ({ modelCalls });
const money = (campaign: number | null, rest: Partial<PlanLimits['money']> = {}): PlanLimits => ({
  modelCalls: null,
  money: { campaign, rounds: {}, roles: {}, ...rest },
});

interface Call {
  stage?: string;
  role?: Role;
  /** Nanodollars at worst, and in fact. */
  worst?: number;
  cost?: number;
  make?: () => Promise<unknown>;
  signal?: AbortSignal;
}

const STAGE = 'BC/collect';

function call(
  budget: CampaignBudget,
  limits: PlanLimits,
  {
    stage = STAGE,
    role = 'expert',
    worst = 0,
    cost = worst,
    make = async () => 'answer',
    signal = new AbortController().signal,
  }: Call = {},
): Promise<unknown> {
  const purpose: Purpose = { stage, role, model: 'm' };
  const tokens = { batch: false, inputTokens: 1, cachedTokens: 0, outputTokens: 1, reasoningTokens: 0 };
  const spending = () => ({ ...purpose, ...tokens, calls: 1, nanodollars: cost });
  return budget.call({ limits, purpose, most: { calls: 1, nanodollars: worst }, make, spending, signal });
}

/** Makes as many calls at once as it may. @returns how many were made and how many were refused */
async function callAtOnce(budget: CampaignBudget, count: number, limits: PlanLimits, made: Call = {}) {
  const outcomes = await Promise.allSettled(Array.from({ length: count }, () => call(budget, limits, made)));
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
  for (const { reason } of refused)
    expect(reason).toMatchObject({ type: limits.money ? 'MONEY_EXHAUSTED' : 'CALLS_EXHAUSTED' });
  return { made: count - refused.length, refused: refused.length };
}

describe('a limit of calls', () => {
  test('500 calls in flight in four workers stop exactly at the limit', async () => {
    const workers = Array.from({ length: 4 }, () => worker('crowded'));
    const outcomes = await Promise.all(
      workers.map((one) => one.whileUsed(STAGE, () => callAtOnce(one, 125, calls(300)))),
    );
    expect(outcomes.reduce((sum, { made }) => sum + made, 0)).toBeLessThanOrEqual(300);
    // What one worker gave back unused, another may use.
    const rest = await callAtOnce(worker('crowded'), 300, calls(300));
    expect(outcomes.reduce((sum, { made }) => sum + made, rest.made)).toBe(300);
  });

  test('a worker that is killed takes calls with it, and never lets one through too many', async () => {
    await call(worker('killed'), calls(100));
    // It gives nothing back.
    const { made } = await callAtOnce(worker('killed'), 200, calls(100));
    expect(made).toBeLessThan(100);
    expect(made).toBeGreaterThan(50);
  });

  test('raised, it lets the campaign go on', async () => {
    const budget = worker('raised');
    expect(await callAtOnce(budget, 50, calls(40))).toEqual({ made: 40, refused: 10 });
    expect(await callAtOnce(budget, 50, calls(60))).toEqual({ made: 20, refused: 30 });
  });

  test('does not count a call that the provider turned away', async () => {
    const budget = worker('throttled');
    const make = () => Promise.reject(failure('MODEL_RATE_LIMITED', 'slow down', { unpaid: true }));
    for (let attempt = 0; attempt < 20; attempt += 1)
      await expect(call(budget, calls(10), { make })).rejects.toMatchObject({ type: 'MODEL_RATE_LIMITED' });
    expect(await callAtOnce(budget, 20, calls(10))).toEqual({ made: 10, refused: 10 });
  });

  test('goes on from what a release before 0.4.0 had handed out', async () => {
    await objects.store.putDocument(ledgerKey('older'), { calls: 30 });
    expect(await callAtOnce(worker('older'), 50, calls(40))).toEqual({ made: 10, refused: 40 });
  });
});

describe('a limit on money', () => {
  test('is used up by what calls cost, not by what they might have cost', async () => {
    const budget = worker('spent');
    // Ten may be on their way at once, at a tenth of what is reserved for each.
    const { made } = await budget.whileUsed(STAGE, () =>
      callAtOnce(budget, 200, money(10_000), { worst: 1_000, cost: 100 }),
    );
    expect(made).toBeGreaterThan(90);
    expect(made).toBeLessThanOrEqual(100);
    const ledger = await ledgerOf('spent');
    expect(bookedFor(ledger, EVERYTHING)).toEqual({ calls: made, nanodollars: made * 100 });
  });

  test('of a round or a role stops its calls and no others', async () => {
    const budget = worker('parts');
    const limits = money(null, { rounds: { BC: 500 }, roles: { judge: 300 } });
    const asking = (made: Call) => callAtOnce(budget, 10, limits, { worst: 100, ...made });
    expect(await asking({ role: 'judge' })).toEqual({ made: 3, refused: 7 });
    expect(await asking({ role: 'expert' })).toEqual({ made: 2, refused: 8 });
    expect(await asking({ role: 'judge', stage: 'evaluate/BC' })).toEqual({ made: 0, refused: 10 });
    expect(await asking({ role: 'expert', stage: 'evaluate/BC' })).toEqual({ made: 10, refused: 0 });
  });

  test('counts at worst what nobody knows: a lost answer, and what a killed worker held', async () => {
    const budget = worker('lost');
    const make = () => Promise.reject(failure('MODEL_UNAVAILABLE', 'the connection broke'));
    await budget.whileUsed(STAGE, async () => {
      await expect(call(budget, money(1_000), { worst: 400, make })).rejects.toMatchObject({
        type: 'MODEL_UNAVAILABLE',
      });
      const dear = { worst: 400, cost: 200 };
      expect(await callAtOnce(budget, 5, money(1_000), dear)).toEqual({ made: 2, refused: 3 });
    });
    const killed = worker('lost');
    void call(killed, money(1_400), { worst: 400, make: () => new Promise(() => undefined) });
    const held = async () => bookedFor(await ledgerOf('lost'), EVERYTHING).nanodollars;
    while ((await held()) < 1_200) await new Promise(setImmediate);
    expect(await callAtOnce(worker('lost'), 5, money(1_400), { worst: 100 })).toEqual({
      made: 2,
      refused: 3,
    });
  });

  test('books what a call cost whose caller has gone', async () => {
    const budget = worker('gone');
    const leaving = new AbortController();
    let answer: (text: string) => void = () => undefined;
    const made = new Promise((resolve) => (answer = resolve));
    const gone = budget.whileUsed(STAGE, () =>
      call(budget, money(1_000), { worst: 400, cost: 150, make: () => made, signal: leaving.signal }),
    );
    const held = async () => (await objects.store.getDocument(ledgerKey('gone'), Ledger))?.wallets.length;
    while (!(await held())) await new Promise(setImmediate);
    leaving.abort(new Error('paused'));
    await expect(gone).rejects.toThrow('paused');
    answer('late');
    const booked = async () => bookedFor(await ledgerOf('gone'), EVERYTHING);
    while ((await booked()).nanodollars !== 150) await new Promise(setImmediate);
    expect(await booked()).toEqual({ calls: 1, nanodollars: 150 });
  });

  test('a write of which the answer was lost is booked once', async () => {
    const store = objects.open();
    const replace = store.replaceDocument.bind(store);
    let writes = 0;
    jest.spyOn(store, 'replaceDocument').mockImplementation(async (...document) => {
      const done = await replace(...document);
      writes += 1;
      return writes % 2 === 0 ? done : false;
    });
    const budget = new CampaignBudgets(store).of('twice');
    const { made } = await budget.whileUsed(STAGE, () =>
      callAtOnce(budget, 50, money(3_000), { worst: 100 }),
    );
    expect(made).toBe(30);
    expect(bookedFor(await ledgerOf('twice'), EVERYTHING)).toEqual({ calls: 30, nanodollars: 3_000 });
  });
});
