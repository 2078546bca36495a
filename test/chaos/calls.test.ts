import { CallLedger } from '../../chaos/calls';
import type { Exchange } from '../../chaos/faultProxy';

const CALL: Exchange = {
  method: 'POST',
  path: '/v1/chat/completions',
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
