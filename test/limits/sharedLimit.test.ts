import { LanguageModels } from '../../activities/models/languageModels';
import type { Question } from '../../activities/models/modelAccess';
import { createEnvironment } from '../../activities/support/environment';
import type { ProviderSettings } from '../../schemas/rateLimit';
import { type Provider, startProvider } from '../../simulator/provider/startProvider';
import { model } from '../support/activities';
import { openModelAccess } from '../support/modelAccess';
import { Provider as ScriptedProvider } from '../support/provider';
import { type ObjectStore, startObjectStore } from '../support/objectStore';

const MODEL = 'limited';
/** Other workers know of a refusal when they have looked. */
const NOTICED_MS = 4_000;

let objects: ObjectStore;
let provider: Provider;
/** When the provider answered whom, in milliseconds. */
let answered: { at: number; campaign: string }[];
const models: LanguageModels[] = [];

beforeAll(async () => {
  objects = await startObjectStore();
});
afterAll(() => objects.stop());
afterEach(async () => {
  await provider.stop();
  await Promise.all(models.splice(0).map((one) => one.close()));
});

async function startLimited(settings: object): Promise<void> {
  answered = [];
  provider = await startProvider({
    settings: { models: { [MODEL]: { latencyMs: 20, ...settings } }, burstSeconds: 1 },
    answer: ({ messages }) => {
      answered.push({ at: performance.now(), campaign: messages[0]?.content ?? '' });
      return 'yes';
    },
  });
}

interface Crowd {
  campaign: string;
  /** @default the provider's */
  baseUrl?: string;
  /** Calls that it always has under way or waiting. */
  atOnce: number;
  /** Ends it. */
  signal: AbortSignal;
  providers?: ProviderSettings['providers'];
  priority?: number;
  tell?: Question['tell'];
}

/** A worker of a campaign, which asks without end. Errors: the first of a call that is not the signal's reason. */
async function work({ campaign, baseUrl = provider.baseUrl, ...crowd }: Crowd): Promise<void> {
  const { atOnce, signal, providers, priority, tell } = crowd;
  const account = { campaign, stage: 'stage', limits: { modelCalls: null }, priority };
  const languageModels = new LanguageModels(createEnvironment({}));
  models.push(languageModels);
  const access = openModelAccess(languageModels, objects.open(), providers);
  const question = {
    model: model(baseUrl, MODEL),
    role: 'expert' as const,
    messages: [{ role: 'user' as const, content: campaign }],
    signal,
    ...(tell && { tell }),
  };
  await access.whileUsed(account, async (ask) => {
    const lane = async () => {
      for (let seed = 0; !signal.aborted; seed += 1) await ask({ ...question, seed });
    };
    await Promise.all(Array.from({ length: atOnce }, lane)).catch(() => {
      if (!signal.aborted) throw new Error('a call failed');
    });
  });
}

const limitedTo = (requestsPerMinute: number): ProviderSettings['providers'] => [
  { baseUrl: provider.baseUrl, requestsPerMinute },
];

/** How many calls were answered between these seconds, on average in one. */
const answeredASecond = (began: number, from: number, to: number, of = answered): number =>
  of.filter(({ at }) => at > began + 1000 * from && at <= began + 1000 * to).length / (to - from);

test('three workers of two campaigns share a limit: none is refused, nothing of it is lost, each campaign has half', async () => {
  await startLimited({ requestsPerMinute: 1200 });
  const began = performance.now();
  const signal = AbortSignal.timeout(7_000);
  const providers = limitedTo(1200);
  await Promise.all([
    work({ campaign: 'large', atOnce: 40, signal, providers }),
    work({ campaign: 'large', atOnce: 40, signal, providers }),
    work({ campaign: 'small', atOnce: 20, signal, providers }),
  ]);
  const small = answered.filter(({ campaign }) => campaign === 'small');
  const all = answeredASecond(began, 2, 7);
  const share = answeredASecond(began, 2, 7, small) / all;
  expect(provider.counts().turnedAway.rateLimited).toBe(0);
  expect(all).toBeGreaterThanOrEqual(0.95 * 20);
  expect(share).toBeGreaterThan(0.4);
  expect(share).toBeLessThan(0.6);
});

test('tokens are counted as the provider counts them, and kept to their limit', async () => {
  // Each call counts as the 64 tokens that its answer might have.
  await startLimited({ tokensPerMinute: 64 * 1200 });
  const began = performance.now();
  const signal = AbortSignal.timeout(5_000);
  const providers = [{ baseUrl: provider.baseUrl, tokensPerMinute: 64 * 1200 }];
  await Promise.all([
    work({ campaign: 'one', atOnce: 30, signal, providers }),
    work({ campaign: 'other', atOnce: 30, signal, providers }),
  ]);
  expect(provider.counts().turnedAway.rateLimited).toBe(0);
  expect(answeredASecond(began, 1, 5)).toBeGreaterThanOrEqual(0.95 * 20);
});

test('without a setting the limit is learned from the answers, by those who did not get them as well', async () => {
  await startLimited({ requestsPerMinute: 1200 });
  const learning = AbortSignal.timeout(2_000);
  await work({ campaign: 'one', atOnce: 2, signal: learning });
  const began = performance.now();
  await work({ campaign: 'other', atOnce: 60, signal: AbortSignal.timeout(5_000) });
  expect(provider.counts().turnedAway.rateLimited).toBe(0);
  expect(answeredASecond(began, 2, 5)).toBeGreaterThanOrEqual(0.9 * 20);
});

test('a provider that suddenly allows a tenth, and says not how long to wait: no call fails, and soon what it allows is used', async () => {
  await startLimited({});
  provider.change({ retryAfter: 'none' });
  const began = performance.now();
  const signal = AbortSignal.timeout(12_000);
  const crowd = { atOnce: 15, signal, providers: limitedTo(6_000) };
  const working = [work({ campaign: 'one', ...crowd }), work({ campaign: 'other', ...crowd })];
  setTimeout(() => provider.change({ models: { [MODEL]: { requestsPerMinute: 600 } } }), 2_000);
  await Promise.all(working);
  const { rateLimited } = provider.counts().turnedAway;
  expect(rateLimited).toBeGreaterThan(0);
  expect(rateLimited).toBeLessThan(150);
  expect(answeredASecond(began, 6, 12)).toBeGreaterThanOrEqual(0.9 * 10);
});

test('after a 429 no worker calls before the time that the provider asked for, and who waits is told why', async () => {
  const REFUSED_MS = 8_000;
  const scripted = await ScriptedProvider.start(() => 'yes');
  scripted.latencyMs = 20;
  const told = new Set<string>();
  const tell: Question['tell'] = (waiting) => void told.add(waiting?.message ?? '');
  const signal = AbortSignal.timeout(12_000);
  const crowd = { baseUrl: scripted.baseUrl, atOnce: 10, signal, tell };
  const working = [work({ campaign: 'one', ...crowd }), work({ campaign: 'other', ...crowd })];
  let refusedAt = 0;
  setTimeout(() => {
    scripted.answer = ({ at }) => {
      scripted.answer = () => 'yes';
      refusedAt = at;
      return { status: 429, headers: { 'retry-after-ms': String(REFUSED_MS) } };
    };
  }, 1_500);
  await Promise.all(working);
  await scripted.stop();
  const early = scripted.calls.filter(({ at }) => at > refusedAt + NOTICED_MS && at < refusedAt + REFUSED_MS);
  expect(early).toEqual([]);
  expect(scripted.calls.some(({ at }) => at > refusedAt + REFUSED_MS)).toBe(true);
  expect([...told]).toContainEqual(expect.stringContaining('asks not to be called for a while'));
});
