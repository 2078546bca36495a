import fc from 'fast-check';
import { type Author, type JournalEntry, type PreparedTasks, prepareTasks } from '../../domain/tasks';
import { environmentLine, generating, moodyAuthor } from './tasksFixtures';

/** Answers after a turn of the event loop or several, so that answers overtake each other. */
const unpunctual =
  (author: Author): Author =>
  async (messages, seed) => {
    for (let turn = 0; turn < seed % 5; turn += 1) await new Promise(setImmediate);
    return author(messages, seed);
  };

const succeeded = (result: PreparedTasks) => {
  if (!result.ok) throw new Error(result.failure.message);
  return result;
};

describe('generated tasks', () => {
  it('fill all splits, each pool giving one third of each', async () => {
    const [parameters, texts] = generating(30, 12);
    const { taskSet, report } = succeeded(
      await prepareTasks(parameters, texts, { author: moodyAuthor, concurrency: 4 }),
    );
    expect(report.splits).toEqual([
      { name: 'BC', wanted: 30, imported: 0, generated: 30 },
      { name: 'test', wanted: 12, imported: 0, generated: 12 },
    ]);
    const sources = (split: string) =>
      ['norms', 'situations', 'stories'].map(
        (pool) => taskSet.tasks.filter((task) => task.split === split && task.source === pool).length,
      );
    expect(sources('BC')).toEqual([10, 10, 10]);
    expect(sources('test')).toEqual([4, 4, 4]);
  });

  it('say where they come from, and the report agrees', async () => {
    const [parameters, texts] = generating(6, 3);
    const prompts: string[] = [];
    const author: Author = (messages, seed) => {
      prompts.push(messages.map(({ content }) => content).join('\n'));
      return moodyAuthor(messages, seed);
    };
    const { taskSet, report } = succeeded(await prepareTasks(parameters, texts, { author, concurrency: 1 }));
    for (const { id, provenance } of taskSet.tasks) {
      if (provenance.kind !== 'generated') throw new Error('expected generated tasks only');
      expect(provenance).toMatchObject({ model: 'some-author', snapshot: 'moody-1' });
      expect(prompts.some((prompt) => prompt.includes(`Keyword: ${provenance.keyword}`))).toBe(true);
      expect(report.keywordsUsed).toContainEqual({
        pool: provenance.pool,
        keyword: provenance.keyword,
        task: id,
      });
    }
    expect(report.generated.attempts).toBe(prompts.length);
    expect(report.generated.usage).toEqual({
      inputTokens: 10 * prompts.length,
      outputTokens: 5 * prompts.length,
    });
    const rejected = report.rejections.reduce((sum, { count }) => sum + count, 0);
    expect(rejected + 9).toBe(prompts.length);
  });

  it('use up a keyword only when its task is accepted, and never an excluded one', async () => {
    const [parameters, texts] = generating(24, 0, 9);
    texts.generate = {
      ...(texts.generate ?? { pools: [], examples: '' }),
      excludeKeywords: 'Norms: keyword number 3!',
    };
    const asked: string[] = [];
    const author: Author = async (messages, seed) => {
      asked.push(/Keyword: (.*)/.exec(messages[1]?.content ?? '')?.[1] ?? '');
      return moodyAuthor(messages, seed);
    };
    const { report } = succeeded(await prepareTasks(parameters, texts, { author, concurrency: 3 }));
    const used = report.keywordsUsed.map(({ keyword }) => keyword);
    expect(new Set(used).size).toBe(24);
    expect(asked).not.toContain('norms keyword number 3');
    expect(report.pools[0]).toMatchObject({ lines: 9, excluded: 1, available: 8 });
    // 26 keywords for 24 tasks: with this author's rejections that only works when rejected ones come back.
    expect(asked.length).toBeGreaterThan(26);
  });

  it('are the same whatever the concurrency and the order of answers', async () => {
    const seeds = fc.record({ seed: fc.nat(), rounds: fc.integer({ min: 1, max: 25 }), test: fc.nat(8) });
    await fc.assert(
      fc.asyncProperty(seeds, async ({ seed, rounds, test }) => {
        const [parameters, texts] = generating(rounds, test);
        const spec = { ...parameters, seed };
        const alone = await prepareTasks(spec, texts, { author: moodyAuthor, concurrency: 1 });
        const author = unpunctual(moodyAuthor);
        expect(await prepareTasks(spec, texts, { author, concurrency: 16 })).toEqual(alone);
      }),
      { numRuns: 25 },
    );
  });

  it('are the same after an interruption at any point, and no answer is asked for twice', async () => {
    const [parameters, texts] = generating(15, 6);
    const whole = await prepareTasks(parameters, texts, { author: moodyAuthor, concurrency: 1 });
    const { attempts } = whole.report.generated;
    await fc.assert(
      fc.asyncProperty(fc.nat(attempts - 1), fc.constantFrom(1, 3, 16), async (point, concurrency) => {
        const journal: JournalEntry[] = [];
        let calls = 0;
        const failing: Author = (messages, seed) => {
          calls += 1;
          return calls > point
            ? Promise.reject(new Error('the author is gone'))
            : moodyAuthor(messages, seed);
        };
        const keep = ({ entry }: { entry: JournalEntry }) => void journal.push(entry);
        const interrupted = prepareTasks(parameters, texts, {
          author: failing,
          concurrency,
          onProgress: keep,
        });
        await expect(interrupted).rejects.toThrow('the author is gone');
        expect(journal).toHaveLength(point);

        const saved = JSON.parse(JSON.stringify(journal)) as JournalEntry[];
        calls = 0;
        const counting: Author = (messages, seed) => {
          calls += 1;
          return moodyAuthor(messages, seed);
        };
        const resumed = prepareTasks(parameters, texts, { author: counting, concurrency, resumeFrom: saved });
        expect(await resumed).toEqual(whole);
        expect(calls).toBe(attempts - point);
      }),
      { numRuns: 25 },
    );
  });

  it('ignore a journal entry about another keyword', async () => {
    const [parameters, texts] = generating(9, 3);
    const journal: JournalEntry[] = [];
    const keep = ({ entry }: { entry: JournalEntry }) => void journal.push(entry);
    const preparation = { author: moodyAuthor, concurrency: 1 };
    const fresh = await prepareTasks(parameters, texts, { ...preparation, onProgress: keep });
    const foreign = journal.map((entry) => ({
      ...entry,
      keyword: `not ${entry.keyword}`,
      answer: { ...entry.answer, text: 'from elsewhere' },
    }));
    expect(await prepareTasks(parameters, texts, { ...preparation, resumeFrom: foreign })).toEqual(fresh);
  });

  it('copy neither the example nor each other', async () => {
    const [parameters, texts] = generating(2, 0);
    const copy = JSON.stringify(environmentLine('lamp'));
    let calls = 0;
    const author: Author = async (messages, seed) => {
      calls += 1;
      const answer = await moodyAuthor(messages, seed);
      return calls <= 2 ? { ...answer, text: copy } : answer;
    };
    const { report } = succeeded(await prepareTasks(parameters, texts, { author, concurrency: 1 }));
    const copies = report.rejections.find(({ reason }) => reason === 'exact-duplicate');
    expect(copies?.examples[0]?.detail).toBe('task lamp');
  });
});
