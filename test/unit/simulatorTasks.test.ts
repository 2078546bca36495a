import { authorPrompt } from '../../domain/tasks/authorPrompt';
import type { UnplacedTask } from '../../domain/tasks/importEnvironments';
import { parseAuthored } from '../../domain/tasks/parseAuthored';
import { AuthoredTask } from '../../schemas/profiles';
import { author } from '../../simulator/author';
import { poorDialogues } from '../../simulator/corpus';
import { GAMES, positionsOf } from '../../simulator/games';
import { seededRandom } from '../../simulator/random';
import { isForAuthor } from '../../simulator/taskPools';

const write = (keyword: string, seed: number): string =>
  author({
    messages: [{ role: 'user', content: `Write a task.\nKeyword: ${keyword}\nAnswer with JSON.` }],
    seed,
    temperature: 0.5,
  });

/** The profiles that are in order, with how many were not. */
function profiles(count: number, keyword = 'a walk'): { good: AuthoredTask[]; faulty: number } {
  const good: AuthoredTask[] = [];
  for (let seed = 0; seed < count; seed++) {
    try {
      const task = AuthoredTask.parse(JSON.parse(write(keyword, seed)));
      if (task.agent_goals[0] !== task.agent_goals[1]) good.push(task);
    } catch {
      // counted below
    }
  }
  return { good, faulty: count - good.length };
}

describe('the author', () => {
  test('writes tasks of all games, of which both sides can be read', () => {
    const found = new Set(
      profiles(60).good.map(({ scenario, agent_goals }) => {
        const [one, other] = positionsOf(scenario, agent_goals);
        expect(one.game).toBe(other.game);
        return one.game;
      }),
    );
    expect([...found].sort()).toEqual(['divide', 'donate', 'haggle', 'meet']);
  });

  test.each([
    ['haggling over an old piano', 'haggle over the piano'],
    ['sharing food among friends', 'divide food after a'],
    ['refusing to donate', 'donate at a'],
    ['meeting an old friend', 'meet for'],
  ])('follows the keyword "%s"', (keyword, scenario) => {
    for (const task of profiles(20, keyword).good) expect(task.scenario).toContain(scenario);
  });

  test('makes a mistake now and then, as authors do', () => {
    const { faulty } = profiles(3000);
    expect(faulty / 3000).toBeGreaterThan(0.01);
    expect(faulty / 3000).toBeLessThan(0.03);
  });

  test('answers the same to the same, and something else to another seed or keyword', () => {
    expect(write('a walk', 1)).toBe(write('a walk', 1));
    expect(write('a walk', 1)).not.toBe(write('a walk', 2));
    expect(write('a walk', 1)).not.toBe(write('a run', 1));
  });
});

test('the author reads the campaign’s own prompt, and the campaign its answer', () => {
  const example = {
    scenario: 'Two friends meet.',
    goals: ['one', 'two'],
    constraints: { ages: null, occupations: null, agents: null },
  } as Partial<UnplacedTask> as UnplacedTask;
  const messages = authorPrompt(example, 'haggling over a piano');
  const parsed = parseAuthored(author({ messages, seed: 1, temperature: 0.5 }));
  expect(parsed).toMatchObject({ task: { scenario: 'haggle over the piano' } });
});

describe('the corpus of poor dialogues', () => {
  const rows = [...poorDialogues(400, 7)];

  test('has each dialogue once per side, the same words with the roles exchanged', () => {
    expect(rows).toHaveLength(800);
    for (let i = 0; i < rows.length; i += 2) {
      const [one, other] = [rows[i]?.messages ?? [], rows[i + 1]?.messages ?? []];
      expect(one.slice(1).map(({ content }) => content)).toEqual(
        other.slice(1).map(({ content }) => content),
      );
      expect(one.slice(1).map(({ role }) => role === 'user')).toEqual(
        other.slice(1).map(({ role }) => role === 'assistant'),
      );
      expect(one[1]?.role).toBe('assistant');
    }
    expect(new Set(rows.map(({ id }) => id)).size).toBe(800);
  });

  test('is text as the compact template writes it', () => {
    for (const { messages } of rows) {
      for (const { content } of messages)
        expect(content).toMatch(/^[a-z0-9=.,?'[\]]+(?: [a-z0-9=.,?'[\]]+)*$/);
    }
  });

  test('is the same for the same seed and another for another', () => {
    expect([...poorDialogues(400, 7)]).toEqual(rows);
    expect([...poorDialogues(400, 8)]).not.toEqual(rows);
  });

  test('of more episodes begins with that of fewer', () => {
    expect([...poorDialogues(10, 7)]).toEqual(rows.slice(0, 20));
  });

  test('shares no task with any author: what is learned from it was not seen in it', () => {
    const contents = (texts: readonly string[]) => [...texts].sort().join('|');
    const corpus = new Set<string>();
    for (let i = 0; i < rows.length; i += 2) {
      corpus.add(contents([rows[i], rows[i + 1]].map((row) => row?.messages[0]?.content ?? '')));
    }
    for (const { scenario, agent_goals } of profiles(1500).good) {
      expect(isForAuthor({ codename: '', scenario, goals: agent_goals })).toBe(true);
      expect(corpus).not.toContain(contents(agent_goals.map((goal) => `${scenario} ${goal}`)));
    }
  });

  test('holds the words of all tasks that authors write, so that a word-level model knows them', () => {
    const known = new Set(
      [...poorDialogues(4000, 1)].flatMap(({ messages }) =>
        messages.flatMap(({ content }) => content.split(' ')),
      ),
    );
    for (const { scenario, agent_goals } of profiles(1500).good) {
      for (const word of `${scenario} ${agent_goals.join(' ')}`.split(' ')) expect(known).toContain(word);
    }
  });
});

test('tasks are kept apart by their contents, whoever has which goal and however the words are ordered', () => {
  for (let seed = 0; seed < 200; seed++) {
    const random = seededRandom('pools', seed);
    const task = random.pick(GAMES).invent(random, '');
    const [one, other] = task.goals;
    const swapped = { ...task, goals: [other.split(' ').reverse().join(' '), one] as const };
    expect(isForAuthor({ ...swapped, scenario: 'elsewhere' })).toBe(isForAuthor(task));
  }
});
