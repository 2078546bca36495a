import { CollectedEpisode } from '../../schemas/episode';
import { Decision } from '../../schemas/filter';
import { Rating } from '../../schemas/rating';
import type { CampaignResult } from '../../workflows/messages';
import { attemptsOf, startCollection, storeCollection } from '../support/collections';
import type { Spec } from '../support/controlledSystem';
import { EXPERT, FaultSystem, TESTER, untilParked, untilStage, untilStill } from '../support/faultSystem';
import type { ProviderAnswer, ProviderCall } from '../support/provider';
import { CALLS_AN_EPISODE, isForJudge, judgement, script, turnAsked } from '../support/scripts';

let faults: FaultSystem;
beforeAll(async () => {
  faults = await FaultSystem.open();
});
beforeEach(() => faults.reset());
afterAll(() => faults.close());

/** Calls of the small campaign: twelve episodes collected, four for the expert's evaluation. */
const JUDGE_OF_2025 = 'judge-2025-judge';
const JUDGE_OF_2026 = 'judge-2026-judge';

const EPISODES = 16;
const CALLS = EPISODES * CALLS_AN_EPISODE;

const outputOf = ({ stages }: CampaignResult, id: string, output: string): string =>
  stages.find((stage) => stage.id === id)?.outputs[output]?.digest.sha256 ?? '';

const collectedBy = (result: CampaignResult): Promise<CollectedEpisode[]> =>
  faults.store.getJsonLines(outputOf(result, 'BC/collect', 'episodes'), CollectedEpisode);

/** Answers by the script until `isOver`; from then on with what went wrong, until the test says otherwise. */
function scriptUntil(isOver: (call: ProviderCall) => boolean, wrong: ProviderAnswer) {
  const answered: ProviderCall[] = [];
  faults.provider.answer = (call) => {
    if (isOver(call)) return wrong;
    answered.push(call);
    return script(call);
  };
  return answered;
}

const PROBE = 'Are you there?';

/** Questions of conversations and judgements that were answered more than once; probes of parked stages are none. */
function answeredTwice(answered: readonly ProviderCall[]): string[] {
  const questions = answered.map(({ question }) => question).filter((one) => !one.includes(PROBE));
  return questions.filter((question, index) => questions.indexOf(question) !== index);
}

test('a judge’s prose, score out of range or refusal: a bounded repair, then unrated, counted against the limit, never learned from', async () => {
  const episodes: string[] = [];
  const asked = [0, 0, 0];
  faults.provider.answer = (call) => {
    const episode = call.messages[0]?.content ?? '';
    if (!isForJudge(call)) return script(call);
    if (!episodes.includes(episode)) episodes.push(episode);
    const number = episodes.indexOf(episode);
    if (number < asked.length) asked[number] = (asked[number] ?? 0) + 1;
    if (number === 0) return 'Well, that depends.';
    if (number === 1 && asked[1] === 1) return judgement(11, 3);
    return number === 2 ? { refusal: 'I would rather not.' } : script(call);
  };
  await faults.startWorkers();
  const campaign = await faults.start('judged', (spec) => {
    spec['limits'] = { unratedShare: 0.1 };
    spec['gates'] = [{ before: 'evaluate/expert', ask: 'Are the ratings sound?' }];
  });
  expect(await untilParked(campaign, 'BC/collect')).toMatchObject({
    type: 'TOO_MANY_UNRATED',
    message: expect.stringMatching(
      /2 episodes could not be rated.*1 because the judge’s answer could not be read, 1 because the judge or its provider’s filter refused/,
    ),
  });
  await campaign.raiseLimits(faults.store, { unratedShare: 0.2 }, TESTER);
  await untilStage(campaign, 'evaluate/expert', 'gated');
  await campaign.approve('evaluate/expert', TESTER);
  const result = await campaign.result();
  // Three tries at prose, one repair of a score out of range, no argument with a refusal; and nothing for the limit's sake.
  expect(asked).toEqual([3, 2, 1]);
  expect(faults.provider.repeated).toEqual([]);
  const decisions = await faults.store.getJsonLines(outputOf(result, 'BC/filter', 'decisions'), Decision);
  const unrated = decisions.filter(({ reason }) => reason === 'unrated');
  expect(unrated.map(({ keep, goal }) => [keep, goal])).toEqual(Array(4).fill([false, null]));
});

test('a storm of 429 holds conversations for as long as the provider asks for, and burns no attempt', async () => {
  let over: number | null = null;
  const refused: ProviderCall[] = [];
  faults.provider.answer = (call) => {
    if (turnAsked(call) === 1) over ??= call.at + 3_000;
    if (over === null || call.at >= over) return script(call);
    refused.push(call);
    const wait = { 'retry-after-ms': String(Math.ceil(over - call.at)) };
    return { status: 429, headers: wait, code: 'rate_limit_exceeded' };
  };
  await faults.startWorkers();
  const collection = await storeCollection(faults.store, 32, 1);
  const running = await startCollection(faults.client, 'storm', collection);
  await running.result();
  const [first] = refused;
  // Those that were on their way; then nobody asks again before it is over.
  expect(refused.every(({ at }) => at < (first?.at ?? 0) + 1_000)).toBe(true);
  expect(faults.provider.calls).toHaveLength(32 * CALLS_AN_EPISODE + refused.length);
  expect(new Set(await attemptsOf(running))).toEqual(new Set([1]));
});

test('a quota that is used up parks the stage with its reason; once it is back the campaign goes on by itself', async () => {
  let left = 40;
  const gone = { status: 429, code: 'insufficient_quota', message: 'You exceeded your current quota' };
  const answered = scriptUntil(() => left-- <= 0, gone);
  await faults.startWorkers();
  const campaign = await faults.start('quota');
  const parking = await untilParked(campaign, 'BC/collect');
  expect(parking).toMatchObject({
    type: 'MODEL_QUOTA_EXHAUSTED',
    message: expect.stringMatching(/no quota left: .*You exceeded your current quota.*top it up/),
  });
  await untilStill(campaign);
  const asked = faults.provider.calls.length;
  left = Infinity;
  await campaign.result();
  expect(asked).toBeLessThan(CALLS);
  expect(answeredTwice(answered).length).toBeLessThanOrEqual(EPISODES);
});

test('a key that is rotated parks the stage; workers with the new one go on, and at most the calls in flight are made again', async () => {
  let valid = 'key-of-monday';
  let left = 40;
  const answered: ProviderCall[] = [];
  faults.provider.answer = (call) => {
    if (left-- === 0) valid = 'key-of-tuesday';
    if (call.key !== valid) return { status: 401, code: 'invalid_api_key', message: 'Incorrect API key' };
    answered.push(call);
    return script(call);
  };
  await faults.startWorkers({ MODEL_KEY: valid });
  const campaign = await faults.start('rotated', (spec) => {
    for (const model of ['expert', 'partner', 'judge']) spec['models'][model].apiKeyEnv = 'MODEL_KEY';
  });
  expect(await untilParked(campaign, 'BC/collect')).toMatchObject({
    type: 'MODEL_UNAUTHORIZED',
    message: expect.stringMatching(/refuses the key in MODEL_KEY.*Set MODEL_KEY to a valid key/),
  });
  await untilStill(campaign);
  await faults.startWorkers({ MODEL_KEY: 'key-of-tuesday' });
  await campaign.resume(TESTER);
  const result = await campaign.result();
  expect(answeredTwice(answered).length).toBeLessThanOrEqual(EPISODES);
  expect(new Set(answered.map(({ key }) => key))).toEqual(new Set(['key-of-monday', 'key-of-tuesday']));
  expect((await collectedBy(result)).every(({ scores }) => scores !== null)).toBe(true);
});

test('a judge retired in the middle is replaced by an amendment alone; finished conversations are not played again', async () => {
  const retired = { status: 404, code: 'model_not_found', message: 'The model has been retired' };
  let judged = 0;
  const answered = scriptUntil((call) => call.model === JUDGE_OF_2025 && ++judged > 4, retired);
  await faults.startWorkers();
  const judgedBy = (model: string) => (spec: Spec) => {
    spec['models'].judge.model = model;
    // What is finished keeps its judge: the evaluation is to wait.
    spec['gates'] = [{ before: 'evaluate/expert', ask: 'Shall it?' }];
  };
  const campaign = await faults.start('retired', judgedBy(JUDGE_OF_2025));
  expect(await untilParked(campaign, 'BC/collect')).toMatchObject({
    type: 'MODEL_NOT_FOUND',
    message: expect.stringMatching(/retired.*`pi-loop amend`.*No other model is put in its place by itself/),
  });
  await untilStill(campaign);
  expect(new Set(faults.provider.calls.map(({ model }) => model))).toEqual(new Set([EXPERT, JUDGE_OF_2025]));

  await campaign.amend(await faults.plan('retired', judgedBy(JUDGE_OF_2026)), TESTER);
  await untilStage(campaign, 'BC/filter', 'finished');
  await untilStage(campaign, 'evaluate/expert', 'gated');
  await campaign.approve('evaluate/expert', TESTER);
  const result = await campaign.result();
  expect(answeredTwice(answered.filter((call) => !isForJudge(call))).length).toBeLessThanOrEqual(EPISODES);
  const rows = await collectedBy(result);
  const ratings = await Promise.all(rows.map(({ rating }) => faults.store.getJson(rating, Rating)));
  expect(new Set(ratings.map(({ call }) => call?.model))).toEqual(new Set([JUDGE_OF_2026]));
});
