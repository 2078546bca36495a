import fc from 'fast-check';
import { createRandom } from '../../domain/random';
import { authorPrompt } from '../../domain/tasks/authorPrompt';
import { parseAuthored } from '../../domain/tasks/parseAuthored';
import { TaskScreen } from '../../domain/tasks/screening';
import { SimilarityIndex, wordTrigrams } from '../../domain/tasks/similarity';
import type { AuthoredTask } from '../../schemas/profiles';
import { agent, task } from './tasksFixtures';

const PROFILE = {
  codename: 'bike',
  scenario: 'A bike is for sale',
  agent_goals: ['Sell it {dear}', 'Buy it "cheap"'],
  relationship: 2,
  age_constraint: '[(18, 70), (18, 70)]',
};
const authored = (over: Partial<AuthoredTask> = {}): AuthoredTask => ({
  codename: 'bike',
  scenario: 'A bike is for sale at the market on a rainy day',
  agent_goals: ['Sell the bike for forty', 'Buy the bike for twenty'],
  relationship: 0,
  ...over,
});

describe('the author prompt', () => {
  const prompt = authorPrompt(task({ goals: ['own it', 'get it'] }), ' a keyword\n in  two lines ');

  it('has the keyword on a line of its own, the example as JSON, and demands two disagreeing goals', () => {
    const text = prompt.map((message) => message.content).join('\n');
    expect(text.split('\n')).toContain('Keyword: a keyword in two lines');
    expect(text).toContain('"agent_goals":["own it","get it"]');
    expect(text).toMatch(/exactly two goals[\s\S]*disagree[\s\S]*work it out together/);
  });

  it('shows an example that the parser itself accepts', () => {
    const example = prompt[1]?.content.split('\n')[4] ?? '';
    expect(parseAuthored(example)).toMatchObject({ task: { agent_goals: ['own it', 'get it'] } });
  });
});

describe('an author’s answer', () => {
  it.each([
    ['bare', JSON.stringify(PROFILE)],
    ['fenced', `Sure!\n\`\`\`json\n${JSON.stringify(PROFILE, null, 2)}\n\`\`\`\nEnjoy {it}.`],
    ['after talk with braces', `A {nice} task: ${JSON.stringify(PROFILE)}`],
    ['with the relationship as text', JSON.stringify({ ...PROFILE, relationship: '2' })],
    [
      'with constraints as lists',
      JSON.stringify({
        ...PROFILE,
        age_constraint: [
          [18, 70],
          [18, 70],
        ],
      }),
    ],
    ['with fields nobody asked for', JSON.stringify({ ...PROFILE, mood: 'good' })],
  ])('is read when it is %s', (_name, text) => {
    expect(parseAuthored(text)).toMatchObject({
      task: { scenario: PROFILE.scenario, agent_goals: PROFILE.agent_goals, relationship: 2 },
    });
  });

  it.each([
    ['invalid-json', ''],
    ['invalid-json', 'no'],
    ['invalid-json', JSON.stringify(PROFILE).slice(0, -5)],
    ['not-two-goals', JSON.stringify({ ...PROFILE, agent_goals: ['one'] })],
    ['not-two-goals', JSON.stringify({ ...PROFILE, agent_goals: ['one', 'two', 'three'] })],
    ['wrong-schema', JSON.stringify({ ...PROFILE, agent_goals: ['one', ' '] })],
    ['wrong-schema', JSON.stringify({ ...PROFILE, scenario: undefined })],
    ['wrong-schema', JSON.stringify({ ...PROFILE, relationship: 9 })],
  ])('is rejected as %s: %s', (reason, text) => {
    expect(parseAuthored(text)).toMatchObject({ rejected: { reason } });
  });

  it('never throws, whatever it says', () => {
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc.string({ unit: fc.constantFrom('{', '}', '[', ']', '"', ':', '\\', ',', 'a') }),
    );
    fc.assert(fc.property(text, (answer) => void parseAuthored(answer)));
  });
});

describe('the screen', () => {
  const known = task({ id: 'known', scenario: authored().scenario, goals: authored().agent_goals });
  const screen = (candidate: AuthoredTask) => {
    const taskScreen = new TaskScreen([agent('a', 30), agent('b', 60)], 0.8);
    taskScreen.add(known);
    return taskScreen.screen(candidate);
  };

  it.each<[string, Partial<AuthoredTask>]>([
    ['same-goals', { agent_goals: ['Win the game', 'win the GAME!'] }],
    ['exact-duplicate', { scenario: 'Something else entirely' }],
    [
      'exact-duplicate',
      { scenario: 'Else', agent_goals: ['buy the bike for twenty.', 'sell the bike, for forty'] },
    ],
    ['near-duplicate', { agent_goals: ['Sell the bike for forty', 'Buy the bike for thirty'] }],
    ['constraint-unreadable', { agent_goals: ['x', 'y'], age_constraint: 'grown-ups' }],
    ['nobody-fits', { agent_goals: ['x', 'y'], age_constraint: '[(50, 70), (50, 70)]' }],
    ['unsafe', { agent_goals: ['plan a massacre', 'prevent it'] }],
  ])('rejects %s: %j', (reason, over) => {
    expect(screen(authored(over))).toMatchObject({ accepted: false, reason });
  });

  it('accepts a different task and names its nearest neighbour', () => {
    const result = screen(
      authored({ agent_goals: ['Sell the bike to a friend', 'Borrow the bike without money'] }),
    );
    expect(result).toMatchObject({ accepted: true, nearest: { id: 'known' } });
  });

  it('accepts a task that shares nothing, with no neighbour', () => {
    const other = authored({ scenario: 'Quiet evening', agent_goals: ['Play chess', 'Go home'] });
    expect(screen(other)).toEqual({ accepted: true, nearest: null });
  });
});

describe('similarity', () => {
  it('is the exact Jaccard similarity of trigram sets, the nearest of all', () => {
    const words = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 8 }).map((list) => list.join(' '));
    fc.assert(
      fc.property(fc.array(words), words, (texts, query) => {
        const index = new SimilarityIndex();
        for (const [i, text] of texts.entries()) index.add(String(i), [text]);
        const trigrams = wordTrigrams([query]);
        const similarities = texts.map((text) => {
          const other = wordTrigrams([text]);
          const union = new Set([...trigrams, ...other]).size;
          return union === 0 ? 0 : [...trigrams].filter((trigram) => other.has(trigram)).length / union;
        });
        const best = Math.max(0, ...similarities);
        const nearest = index.nearest([query]);
        expect(nearest?.similarity ?? 0).toBeCloseTo(best);
        if (best > 0) expect(nearest?.id).toBe(String(similarities.indexOf(best)));
      }),
    );
  });

  it('finds the neighbours of ten thousand tasks of eighty words in seconds', () => {
    const random = createRandom(1);
    const vocabulary = Array.from({ length: 3000 }, (_, i) => `word${i}`);
    const phrase = () => Array.from({ length: 70 }, () => random.pick(vocabulary)).join(' ');
    const index = new SimilarityIndex();
    const start = performance.now();
    for (let i = 0; i < 10_000; i += 1) {
      const texts = [`each of them begins with the same ten words ${phrase()}`];
      index.nearest(texts);
      index.add(String(i), texts);
    }
    expect(performance.now() - start).toBeLessThan(30_000);
  });
});
