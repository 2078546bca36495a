import { CallLedger } from '../../chaos/calls';
import type { Exchange } from '../../chaos/faultProxy';

const CALL: Exchange = {
  method: 'POST',
  path: '/v1/chat/completions',
  asked: 'question',
  status: 200,
  startedAt: 10_000,
  answeredAt: 11_000,
  struckBy: null,
};

function ledgerOf(...calls: Partial<Exchange>[]): CallLedger {
  const ledger = new CallLedger();
  for (const call of calls) ledger.record('dialogue-1', { ...CALL, ...call });
  return ledger;
}

const killedAt = (at: number) => [{ worker: 'dialogue-1' as const, from: at, to: at }];

test('calls that were answered count; refusals and other requests do not', () => {
  const ledger = ledgerOf({}, { status: 429 }, { path: '/v1/corpora/poor-dialogues' }, { method: 'GET' });
  expect(ledger.answered).toBe(1);
});

test('at risk are calls in flight at a kill, and those answered in the second before it', () => {
  expect(ledgerOf({}).atRisk(killedAt(10_500))).toBe(1);
  expect(ledgerOf({}).atRisk(killedAt(11_900))).toBe(1);
  expect(ledgerOf({}).atRisk(killedAt(12_100))).toBe(0);
  expect(ledgerOf({}).atRisk(killedAt(9_900))).toBe(0);
});

test('only the calls of the worker that was struck are at risk', () => {
  expect(ledgerOf({}).atRisk([{ worker: 'dialogue-2', from: 10_500, to: 10_500 }])).toBe(0);
});

test('a call within reach of two strikes counts once', () => {
  expect(ledgerOf({}).atRisk([...killedAt(10_500), ...killedAt(10_700)])).toBe(1);
});

test('an answer that was lost on its way counts by itself, and not among the calls at risk', () => {
  const ledger = ledgerOf({}, { struckBy: 'half' });
  expect([ledger.lost, ledger.atRisk(killedAt(10_500))]).toEqual([1, 1]);
});

test('a call that is made again is excused by an answer to the same question that was lost or at risk', () => {
  const ledger = ledgerOf({}, { startedAt: 20_000, answeredAt: 21_000 });
  const once = { question: 1 };
  expect(ledger.unexcused(once, killedAt(10_500))).toBe(0);
  expect(ledger.unexcused(once, killedAt(15_000))).toBe(1);
  expect(ledger.unexcused({ question: 2 }, [])).toBe(0);
});

test('an answer to another question excuses nothing', () => {
  const other = { asked: 'other', startedAt: 15_000, answeredAt: 15_500 };
  const ledger = ledgerOf({}, other, { startedAt: 20_000, answeredAt: 21_000 });
  expect(ledger.unexcused({ question: 1, other: 1 }, killedAt(15_200))).toBe(1);
});

test('a question that is never asked undisturbed is told', () => {
  expect(ledgerOf({}).unexcused({}, [])).toBe(1);
});
