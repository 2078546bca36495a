import { chatRequest } from '../../activities/models/chatCompletion';
import { LanguageModels } from '../../activities/models/languageModels';
import { askDirectly, type Question } from '../../activities/models/modelAccess';
import { createEnvironment } from '../../activities/support/environment';
import { viewOf } from '../../domain/episode/view';
import { cacheHitRate } from '../../domain/plan/describeUsage';
import { sumUsage } from '../../domain/plan/cost';
import { JUDGEMENT_FORM, readJudgement } from '../../domain/prompts/judge';
import { sotopiaTemplate } from '../../domain/prompts/sotopia';
import { TASK_FORM } from '../../domain/tasks';
import { parseAuthored } from '../../domain/tasks/parseAuthored';
import { ModelSpec } from '../../schemas/model';
import type { Usage } from '../../schemas/modelCall';
import type { AnswerFunction } from '../../simulator/provider/answers';
import type { ProviderSettingsInput } from '../../simulator/provider/settings';
import { type Provider, startProvider } from '../../simulator/provider/startProvider';
import { ada, ben, boatTask } from '../support/people';

const KEY = 'sk-of-the-test';
const models = new LanguageModels(createEnvironment({ KEY, OTHER_KEY: 'sk-other' }));
let provider: Provider;

async function start(settings: ProviderSettingsInput, answer: AnswerFunction = () => 'Yes.') {
  provider = await startProvider({ settings, answer });
}
afterEach(() => provider.stop());
afterAll(() => models.close());

const spec = (more: object = {}): ModelSpec =>
  ModelSpec.parse({ baseUrl: provider.baseUrl, model: 'm', ...more });

const ask = (model: ModelSpec, more: Partial<Question> = {}) =>
  askDirectly(models, {
    model,
    messages: [{ role: 'user', content: 'Are you there?' }],
    seed: 1,
    signal: new AbortController().signal,
    ...more,
  });

describe('a campaign can say what its endpoint wants:', () => {
  test('Azure’s version in the address and key in a header, which no message tells', async () => {
    await start({ models: { m: {} }, keys: [KEY] });
    const azure = {
      baseUrl: provider.baseUrl.replace('/v1', '/openai/deployments/m'),
      query: { 'api-version': '2024-10-21' },
      headers: { 'api-key': '${KEY}' },
    };
    expect(await ask(spec(azure))).toMatchObject({ text: 'Yes.', snapshot: 'm-2026-11' });
    await expect(ask(spec({ ...azure, headers: { 'api-key': '${OTHER_KEY}' } }))).rejects.toMatchObject({
      type: 'MODEL_UNAUTHORIZED',
      message: expect.not.stringContaining('sk-other'),
    });
    await expect(ask(spec({ ...azure, headers: { 'api-key': '${NO_KEY}' } }))).rejects.toMatchObject({
      type: 'CONFIGURATION_MISSING',
      message: expect.stringContaining('NO_KEY'),
    });
  });

  test('a key as a bearer, or none at all', async () => {
    await start({ models: { m: {} }, keys: [KEY] });
    await ask(spec({ apiKeyEnv: 'KEY' }));
    await expect(ask(spec())).rejects.toMatchObject({ type: 'MODEL_UNAUTHORIZED' });
  });

  test('a key itself is no value of a header that carries one', () => {
    const read = ModelSpec.safeParse({ baseUrl: 'https://x/v1', model: 'm', headers: { 'X-Api-Key': KEY } });
    expect(read.error?.issues[0]?.message).toContain('${VARIABLE}');
    const titled = { baseUrl: 'https://x/v1', model: 'm', headers: { 'X-Title': 'campaign' } };
    expect(ModelSpec.safeParse(titled).success).toBe(true);
  });

  test('a model that reasons, by its effort: neither max_tokens nor temperature is sent', async () => {
    await start({ models: { m: { reasoningTokens: 30 } } });
    const sampling = { temperature: 1, maxTokens: 100 };
    expect(await ask(spec({ reasoning: 'low', sampling }))).toMatchObject({
      text: 'Yes.',
      usage: { outputTokens: 31, reasoningTokens: 30 },
    });
    await expect(ask(spec({ sampling }))).rejects.toMatchObject({
      type: 'MODEL_REQUEST_REFUSED',
      message: expect.stringContaining('max_tokens'),
    });
  });

  test('that it takes no seed', async () => {
    await start({ models: { m: { capabilities: { seed: false } } } });
    await ask(spec({ seeded: false }));
    await expect(ask(spec())).rejects.toMatchObject({ type: 'MODEL_REQUEST_REFUSED' });
  });
});

describe('an endpoint that offers JSON schemas', () => {
  test.each([
    ['judge', JUDGEMENT_FORM, (text: string) => readJudgement(text), 'scores'],
    ['author', TASK_FORM, (text: string) => parseAuthored(text), 'task'],
  ])('keeps the %s’s answers readable, where the plan says so', async (_role, form, read, part) => {
    await start({ models: { m: {} } }, () => 'I would rather not put it in a form.');
    const kept = await ask(spec({ structuredOutput: 'schema' }), { form });
    const filled = kept.text.replaceAll('""', '"x"');
    expect(read(filled)).toHaveProperty(part);
    const free = await ask(spec(), { form });
    expect(read(free.text)).not.toHaveProperty(part);
  });
});

describe('what the provider answers is taken as what it is:', () => {
  const faulty = (fault: string) => start({ models: { m: { faults: { [fault]: 1 } } } });

  test('a refusal by the model, by a filter of its answer, by a filter of the prompt', async () => {
    await faulty('refused');
    expect(await ask(spec())).toMatchObject({ refused: true, truncated: false });
    await provider.stop();
    await faulty('filteredAnswer');
    expect(await ask(spec())).toMatchObject({ refused: true, text: '' });
    await provider.stop();
    await faulty('filteredPrompt');
    expect(await ask(spec())).toMatchObject({ refused: true, text: '', snapshot: '' });
  });

  test('an answer that was cut off', async () => {
    await faulty('truncated');
    expect(await ask(spec())).toMatchObject({ truncated: true, refused: false });
  });

  test.each([
    ['both', 20_000],
    ['seconds', 20_000],
    ['milliseconds', 20_000],
    ['none', undefined],
  ] as const)('a limited rate, which says when to come back by %s', async (retryAfter, wait) => {
    await start({ models: { m: { requestsPerMinute: 3 } }, retryAfter });
    await Promise.all([ask(spec()), ask(spec()), ask(spec())]);
    const failure = await ask(spec()).catch((error: unknown) => error);
    expect(failure).toMatchObject({ type: 'MODEL_RATE_LIMITED', nonRetryable: false });
    const { nextRetryDelay } = failure as { nextRetryDelay?: number };
    // The clock runs while the bucket is emptied. Without a word of it, other headers may tell.
    if (wait !== undefined) expect(Number(nextRetryDelay)).toBeGreaterThan(wait - 1_000);
  });

  test('a quota that is used up, and one that was topped up', async () => {
    await start({ models: { m: {} }, quota: { calls: 1 } });
    await ask(spec());
    await expect(ask(spec())).rejects.toMatchObject({ type: 'MODEL_QUOTA_EXHAUSTED' });
    provider.change({ quota: { calls: 2 } });
    await ask(spec());
  });

  test('a slow answer is waited for to its end', async () => {
    await start({ models: { m: { trickleMs: 50 } } });
    expect(await ask(spec())).toMatchObject({ text: 'Yes.' });
  });
});

describe('prompts are laid out for the provider’s cache:', () => {
  test('a conversation’s turns are read from it but for what is new', async () => {
    await start({ models: { m: {} } });
    const agents = [ada, ben].map((agent) => ({ ...agent, publicInfo: 'Likes the sea. '.repeat(150) }));
    const view = viewOf(boatTask, agents as [typeof ada, typeof ben], 0);
    const usages: Usage[] = [];
    for (let turns = 0; turns < 20; turns += 2) {
      const said = Array.from({ length: turns }, (_, number) => ({
        number,
        speaker: (number % 2) as 0 | 1,
        action: { type: 'speak' as const, argument: `Offer ${number}: ${'so it is '.repeat(12)}` },
        call: {
          model: 'm',
          snapshot: 'm',
          promptDigest: '0'.repeat(64),
          usage: { inputTokens: 0, outputTokens: 0 },
          calls: 1,
        },
      }));
      usages.push((await ask(spec(), { messages: sotopiaTemplate.prompt(view, said) })).usage);
    }
    const [first, ...later] = usages;
    expect(first?.cachedTokens).toBe(0);
    expect(cacheHitRate(sumUsage(later))).toBeGreaterThan(0.85);
  });

  test('OpenAI and Azure are told which prompts begin alike; others, who may not know the setting, are not', async () => {
    await start({ models: { m: {} } });
    const question = { messages: [], sampling: spec().sampling, seed: 1, conversation: 'episode/0' };
    const keyFor = (baseUrl: string) => chatRequest({ model: 'm', baseUrl }, question).prompt_cache_key;
    expect(keyFor('https://api.openai.com/v1')).toBe('episode/0');
    expect(keyFor('https://lab.openai.azure.com/openai/deployments/m')).toBe('episode/0');
    expect(keyFor('https://api.openai.com.evil.example/v1')).toBeUndefined();
    expect(keyFor('http://127.0.0.1:8000/v1')).toBeUndefined();
  });
});
