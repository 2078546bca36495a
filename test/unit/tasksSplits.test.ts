import fc from 'fast-check';
import { type Author, type PreparedTasks, prepareTasks } from '../../domain/tasks';
import { comparable, goalsKey } from '../../domain/tasks/normalise';
import { environmentLine, generating, importing, jsonLines, moodyAuthor } from './tasksFixtures';

const succeeded = (result: PreparedTasks) => {
  if (!result.ok) throw new Error(result.failure.message);
  return result;
};

describe('splits', () => {
  it('are disjoint, whatever is imported and written', async () => {
    const things = fc.array(fc.nat(30), { maxLength: 20 });
    const use = fc.constantFrom<'evaluation' | 'training' | 'both'>('evaluation', 'training', 'both');
    await fc.assert(
      fc.asyncProperty(things, use, fc.nat(10), fc.nat(10), async (imported, allowed, training, test) => {
        const [parameters, texts] = generating(training, test);
        const [importParameters, importTexts] = importing(
          parameters.splits,
          imported.map((thing, i) => ({ ...environmentLine(`thing${thing}`), env_id: `env${i}` })),
          allowed,
        );
        const result = await prepareTasks(
          { ...parameters, import: importParameters.import },
          { ...texts, import: importTexts.import },
          { author: moodyAuthor, concurrency: 2 },
        );
        const { tasks } = succeeded(result).taskSet;
        expect(new Set(tasks.map(({ id }) => id)).size).toBe(tasks.length);
        expect(new Set(tasks.map(({ goals }) => goalsKey(goals))).size).toBe(tasks.length);
        expect(tasks.filter(({ split }) => split === 'BC')).toHaveLength(training);
        expect(tasks.filter(({ split }) => split === 'test')).toHaveLength(test);
        const forbidden = { evaluation: 'BC', training: 'test', both: '' }[allowed];
        const misplaced = tasks.filter((t) => t.provenance.kind === 'imported' && t.split === forbidden);
        expect(misplaced).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  it('keep a near duplicate of an evaluation task out of training, and list it', async () => {
    const long = 'two old friends argue for a whole evening about who may keep the garden key and the shed';
    const twins = [
      environmentLine('x', { scenario: long, agent_goals: ['keep it forever', 'get it back'] }),
      environmentLine('y', { scenario: long, agent_goals: ['keep it forever', 'get it now'] }),
    ];
    const splits = [
      { name: 'test', tasks: 1, evaluation: true },
      { name: 'BC', tasks: 1, evaluation: false },
    ];
    const result = await prepareTasks(...importing(splits, twins), { author: moodyAuthor, concurrency: 1 });
    expect(result).toMatchObject({ ok: false, failure: { code: 'TASKS_EXHAUSTED' } });
    expect(result.report.imported).toEqual({ read: 2, placed: 1, notNeeded: 0, keptOut: 1 });
    expect(result.report.findings.map(({ kind }) => kind)).toEqual(['near-duplicate']);
    const both = [{ name: 'test', tasks: 2, evaluation: true }];
    succeeded(await prepareTasks(...importing(both, twins), { author: moodyAuthor, concurrency: 1 }));
  });

  it('never hold a written task that resembles an imported one', async () => {
    const [parameters, texts] = generating(20, 5);
    const wholeRun = succeeded(
      await prepareTasks(parameters, texts, { author: moodyAuthor, concurrency: 1 }),
    );
    const leaked = wholeRun.taskSet.tasks[0];
    const [importParameters, importTexts] = importing(
      parameters.splits,
      [environmentLine('held-out', { agent_goals: [...(leaked?.goals ?? [])].reverse() })],
      'evaluation',
    );
    const { taskSet, report } = succeeded(
      await prepareTasks(
        { ...parameters, import: importParameters.import },
        { ...texts, import: importTexts.import },
        { author: moodyAuthor, concurrency: 1 },
      ),
    );
    const same = taskSet.tasks.filter(({ goals }) => goalsKey(goals) === goalsKey(leaked?.goals ?? ['', '']));
    expect(same.map(({ id, split }) => [id, split])).toEqual([['held-out', 'test']]);
    expect(
      report.rejections.some(({ examples }) => examples.some(({ detail }) => detail === 'task held-out')),
    ).toBe(true);
  });
});

describe('when there is not enough', () => {
  const prepare = (
    parameters: Parameters<typeof prepareTasks>[0],
    texts: Parameters<typeof prepareTasks>[1],
  ) => prepareTasks(parameters, texts, { author: moodyAuthor, concurrency: 2 });

  it('too few imported tasks: says how many each split misses and what to do', async () => {
    const splits = [
      { name: 'BC', tasks: 1, evaluation: false },
      { name: 'test', tasks: 5, evaluation: true },
    ];
    const result = await prepare(
      ...importing(splits, [environmentLine('x'), environmentLine('y')], 'training'),
    );
    expect(result).toMatchObject({
      ok: false,
      failure: {
        code: 'TASKS_EXHAUSTED',
        message: expect.stringMatching(/test 5 missing; 1 placed, 1 not allowed here by `use`/) as string,
        hint: expect.stringContaining('Import more tasks') as string,
      },
    });
  });

  it('too few keywords: says how many tasks there are, why others were rejected, and what to do', async () => {
    const result = await prepare(...generating(30, 0, 3));
    expect(result).toMatchObject({
      ok: false,
      failure: {
        code: 'TASKS_EXHAUSTED',
        message: expect.stringMatching(
          /^9 of 30 tasks were accepted \(for BC 30\).*keywords left: 0$/,
        ) as string,
        hint: expect.stringContaining('Give more keywords') as string,
      },
    });
  });

  it('an author that only writes prose: stops after attemptsPerTask, with examples of what it wrote', async () => {
    const [parameters, texts] = generating(3, 0);
    let calls = 0;
    const author: Author = async (messages, seed) => {
      calls += 1;
      return { ...(await moodyAuthor(messages, seed)), text: 'Once upon a time.' };
    };
    const result = await prepareTasks(parameters, texts, { author, concurrency: 2 });
    expect(calls).toBe(3 * 8);
    expect(result).toMatchObject({
      ok: false,
      failure: { code: 'TASKS_EXHAUSTED', message: expect.stringContaining('24 invalid-json') as string },
    });
    expect(result.report.rejections[0]?.examples[0]?.detail).toContain('Once upon a time');
  });

  it('a keyword is given up after three rejected tasks', async () => {
    const [parameters, texts] = generating(1, 0, 1);
    let calls = 0;
    const author: Author = async (messages, seed) => {
      calls += 1;
      return { ...(await moodyAuthor(messages, seed)), text: 'no' };
    };
    await prepareTasks(
      parameters,
      {
        ...texts,
        generate: {
          ...(texts.generate ?? { examples: '', excludeKeywords: null }),
          pools: ['the only keyword', '', ''],
        },
      },
      { author, concurrency: 1 },
    );
    expect(calls).toBe(3);
  });

  it('no readable agents or examples: names the file', async () => {
    const [parameters, texts] = generating(3, 0);
    const nobody = await prepare(parameters, { ...texts, agents: '{}' });
    expect(nobody).toMatchObject({
      ok: false,
      failure: { code: 'SPEC_INVALID', message: 'agents.jsonl: at least 2 readable agents needed, found 0' },
    });
    const noExamples = {
      ...(texts.generate ?? { pools: [], excludeKeywords: null }),
      examples: jsonLines('nothing'),
    };
    expect(await prepare(parameters, { ...texts, generate: noExamples })).toMatchObject({
      ok: false,
      failure: {
        code: 'SPEC_INVALID',
        message: 'examples.jsonl: at least 1 readable example tasks needed, found 0',
      },
    });
  });
});

describe('comparing texts', () => {
  it('ignores case, punctuation, spaces and tags, and nothing else', () => {
    expect(comparable('Say  <p viewer="agent_1">Hello</p>, World!')).toBe(comparable('say hello world'));
    expect(comparable('limit=40')).not.toBe(comparable('limit=45'));
    expect(comparable('a < b and c > d')).toBe('a b and c d');
  });
});
