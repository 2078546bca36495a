import { judgePrompt, readJudgement } from '../../domain/prompts/judge';
import type { Action, Turn } from '../../schemas/episode';
import type { AgentProfile, SocialTask } from '../../schemas/profiles';
import { judge } from '../../simulator/judge';

const agent = (firstName: string, lastName: string): AgentProfile => ({
  id: firstName,
  firstName,
  lastName,
  age: 30,
  occupation: 'Teacher',
  gender: 'Woman',
  pronouns: 'She/her',
  publicInfo: 'Likes cats.',
  bigFive: '',
  moralValues: [],
  schwartzValues: [],
  personalityAndValues: 'Calm.',
  decisionMakingStyle: '',
  secret: `${firstName} secretly gambled savings away`,
  mbti: '',
  modelId: '',
  tag: '',
});
const AGENTS: [AgentProfile, AgentProfile] = [agent('Ava', "O'Neil"), agent('Ben', 'Cho')];

const taskOf = (scenario: string, goals: [string, string]): SocialTask => ({
  id: 'task',
  codename: 'task',
  source: 'test',
  scenario,
  goals,
  relationship: 0,
  constraints: { ages: null, occupations: null, agents: null },
  tags: [],
  split: 'test',
  provenance: { kind: 'imported', file: 'test', line: 1, digest: 'a'.repeat(64) },
});

const CALL: Turn['call'] = {
  model: 'test',
  snapshot: 'test',
  promptDigest: 'a'.repeat(64),
  usage: { inputTokens: 0, outputTokens: 0 },
  calls: 1,
};

/** `[leave]` leaves, everything else is spoken; side 0 begins. */
function rate(task: SocialTask, lines: readonly string[]) {
  const actionOf = (line: string): Action =>
    line === '[leave]' ? { type: 'leave', argument: '' } : { type: 'speak', argument: line };
  const turns = lines.map(
    (line, number): Turn => ({
      number,
      speaker: number % 2 === 0 ? 0 : 1,
      action: actionOf(line),
      call: CALL,
    }),
  );
  const read = readJudgement(judge({ messages: judgePrompt(task, AGENTS, turns), seed: 1, temperature: 0 }));
  if ('unreadable' in read) throw new Error(read.unreadable);
  return read;
}

const HAGGLE = taskOf('haggle over the bike', ['sell limit=40 hope=60', 'buy limit=75 hope=50']);
const DEAL = ['how about 70 dollars ?', 'i can do 55 dollars .', '55 ? ok , that is a deal .', '[leave]'];

describe('goal', () => {
  const goals = (task: SocialTask, lines: readonly string[]) =>
    rate(task, lines).scores.map(({ goal }) => goal);

  test('is what the agreed offer is worth to each, halves rounded up', () => {
    expect(goals(HAGGLE, DEAL)).toEqual([8, 8]);
    expect(goals(HAGGLE, ['how about 65 dollars ?', 'deal , i agree .', '[leave]'])).toEqual([10, 4]);
  });

  test('changes with the private goal', () => {
    const harder = taskOf('haggle over the bike', ['sell limit=50 hope=80', 'buy limit=75 hope=50']);
    expect(goals(harder, DEAL)).toEqual([2, 8]);
  });

  test('changes with what was said', () => {
    expect(
      goals(
        HAGGLE,
        DEAL.map((line) => line.replace('55', '50')),
      ),
    ).toEqual([5, 10]);
  });

  test('is 0 for both without an agreement', () => {
    expect(goals(HAGGLE, ['how about 70 dollars ?', '[leave]'])).toEqual([0, 0]);
    expect(goals(HAGGLE, ['deal , i agree .', 'deal , i agree .'])).toEqual([0, 0]);
  });

  test('counts an acceptance that was the last thing said', () => {
    expect(goals(HAGGLE, DEAL.slice(0, 3))).toEqual([8, 8]);
  });

  test('of dividing: each gets its own part, by its own order', () => {
    const task = taskOf('divide food after a trip', [
      'want first=tea second=rice third=salt fourth=eggs',
      'want first=salt second=tea third=eggs fourth=rice',
    ]);
    expect(goals(task, ['give me tea and rice , keep the rest .', 'yes , i agree to that .'])).toEqual([
      10, 9,
    ]);
    expect(
      goals(task, ['what do you want most ?', 'i take salt , you take the rest .', 'deal , i agree .']),
    ).toEqual([10, 6]);
  });

  test('of a free conversation: whose wish was agreed on', () => {
    const task = taskOf('Two friends decide on a film.', ['To watch a comedy', 'To watch a thriller']);
    expect(goals(task, ['i would like to watch a comedy .', 'fine , i accept .', '[leave]'])).toEqual([
      10, 2,
    ]);
    expect(goals(task, ['first let us watch a comedy , then it is your turn .', 'deal , i agree .'])).toEqual(
      [8, 6],
    );
    expect(goals(task, ['i would like to watch a comedy .', 'no .', '[leave]'])).toEqual([2, 0]);
  });
});

describe('the other dimensions rest on what was said', () => {
  test('believability: nonsense and repetition cost', () => {
    const { scores } = rate(HAGGLE, [
      'bla bla .',
      'i can do 55 dollars .',
      'how about 70 dollars ?',
      'i can do 55 dollars .',
    ]);
    expect(scores.map(({ believability }) => believability)).toEqual([5, 9]);
  });

  test('relationship: agreement binds, walking out hurts, insults hurt more', () => {
    const relationship = (lines: readonly string[]) => rate(HAGGLE, lines).scores[0].relationship;
    expect(relationship(DEAL)).toBe(3);
    expect(relationship(['how about 70 dollars ?', '[leave]'])).toBe(-2);
    expect(relationship(['how about 70 dollars ?', 'you idiot .', '[leave]'])).toBe(-4);
  });

  test('knowledge: what the other side told', () => {
    const task = taskOf('meet for lunch', [
      'free first=monday second=friday third=sunday',
      'free first=friday second=tuesday third=saturday',
    ]);
    const { scores } = rate(task, ['when are you free ?', 'i am free on friday and tuesday and saturday .']);
    expect(scores.map(({ knowledge }) => knowledge)).toEqual([9, 0]);
  });

  test('secret: the own limit or the background’s secret given away', () => {
    const { scores } = rate(HAGGLE, ['my limit is 40 dollars .', 'ben secretly gambled savings .']);
    expect(scores.map(({ secret }) => secret)).toEqual([-5, -5]);
    expect(rate(HAGGLE, DEAL).scores.map(({ secret }) => secret)).toEqual([0, 0]);
  });

  test('social rules: lies about the own wish and insults', () => {
    const task = taskOf('donate at a fair', [
      'collect for=rivers for=trees for=music hope=30',
      'give care=trees limit=50',
    ]);
    const { scores } = rate(task, ['what do you care about ?', 'i care about rivers .', 'you liar .']);
    expect(scores.map(({ social_rules }) => social_rules)).toEqual([-3, -2]);
  });

  test('benefits: what the agreement brings in money', () => {
    const benefits = (lines: readonly string[]) =>
      rate(HAGGLE, lines).scores.map((scores) => scores.financial_and_material_benefits);
    expect(benefits(DEAL)).toEqual([4, 4]);
    expect(benefits(['how about 30 dollars ?', 'deal , i agree .'])).toEqual([-2, 5]);
    expect(benefits(['how about 30 dollars ?', '[leave]'])).toEqual([0, 0]);
  });

  test('each score is given with a reasoning, and the goal’s quotes the words that decided', () => {
    const { reasoning } = rate(HAGGLE, DEAL);
    expect(reasoning[1]['goal']).toContain('Ava O\'Neil accepted with "55 ? ok , that is a deal ."');
    for (const side of reasoning) expect(Object.values(side).every((text) => text.length > 10)).toBe(true);
  });
});

test('a prompt without a conversation gets prose, not scores', () => {
  expect(judge({ messages: [{ role: 'user', content: 'hello' }], seed: 1, temperature: 0 })).not.toContain(
    '{',
  );
});

test('an empty conversation is rated: nothing was reached', () => {
  expect(rate(HAGGLE, []).scores.map(({ goal, believability }) => [goal, believability])).toEqual([
    [0, 5],
    [0, 5],
  ]);
});
