import type { LimitDocument } from '../../activities/models/rateLimits/limitDocument';
import { RateLimiter } from '../../activities/models/rateLimits/rateLimiter';
import { SharedClock } from '../../activities/models/rateLimits/sharedClock';
import { advance, emptyLimit, type Report } from '../../domain/rateLimits/advance';
import { FORGOTTEN_AFTER_MS } from '../../domain/rateLimits/refusals';
import type { SharedLimit } from '../../schemas/rateLimit';

const MODEL = {
  baseUrl: 'http://provider/v1',
  address: 'http://provider/v1',
  apiKeyEnv: undefined,
  model: 'm',
};
const ANSWER = {
  text: 'yes',
  snapshot: 'm',
  usage: { inputTokens: 1, outputTokens: 1 },
  fingerprint: undefined,
  refused: false,
  truncated: false,
};

test('who waits for a limit that is forgotten meanwhile goes on', async () => {
  const clock = new SharedClock();
  const now = clock.now();
  let shared: SharedLimit = {
    ...emptyLimit(MODEL),
    learned: { requests: 60, tokens: null },
    measured: true,
    // No slot is free before it is forgotten.
    booked: { requests: now + 60_000, tokens: now },
    refusal: { at: now - FORGOTTEN_AFTER_MS + 500, share: 1 },
  };
  const document = {
    read: async () => shared,
    advance: async (report: Report) => {
      const advanced = advance(shared, report, clock.now());
      ({ shared } = advanced);
      return advanced;
    },
  } as unknown as LimitDocument;
  const limiter = new RateLimiter(
    MODEL,
    { requests: null, tokens: null, callsAtOnce: null },
    document,
    clock,
  );
  const { signal } = new AbortController();
  const admission = { campaign: 'c', priority: 0, signal, tokens: 10, tell: () => undefined };
  const answers = Array.from({ length: 3 }, () => limiter.admit(admission, async () => ANSWER));
  expect(await Promise.all(answers)).toHaveLength(3);
  expect(clock.now() - now).toBeGreaterThan(450);
}, 5_000);
