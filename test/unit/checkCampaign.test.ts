import fc from 'fast-check';
import { parse } from 'yaml';
import { checkCampaign, parseCampaign, pathText } from '../../domain/campaign';
import { nearestWord } from '../../domain/campaign/nearestWord';
import { SKELETON } from '../../domain/campaign/skeleton';
import { CampaignSpec } from '../../schemas/campaign';
import { CAMPAIGN, changed } from './campaignFixtures';

const check = (text: string) =>
  checkCampaign(CampaignSpec.parse(parse(text, { merge: true }))).map(
    ({ path, found, expected }) => `${pathText(path)}: ${found}; ${expected}`,
  );

it('finds nothing wrong with a campaign that is right', () => {
  expect(check(CAMPAIGN)).toEqual([]);
});

it('replaces what is wrong only by what is right: the skeleton is a campaign without a mistake', () => {
  expect(checkCampaign(CampaignSpec.parse(SKELETON))).toEqual([]);
});

describe('the rules between the parts of a campaign', () => {
  const pool = '{ name: norms, file: norms.txt }';
  const generate = CAMPAIGN.slice(CAMPAIGN.indexOf('  generate:'), CAMPAIGN.indexOf('rounds:'));
  const imported = (use: string) => changed(generate, `  import: { environments: e.jsonl, use: ${use} }\n`);
  it.each([
    [
      'a temperature for a model that reasons',
      changed(
        'model: simulated-judge,',
        'model: simulated-judge, reasoning: low, sampling: { temperature: 0 },',
      ),
      /^models.judge.sampling.temperature: 0; 1, or nothing/,
    ],
    [
      'a reserved name',
      changed('name: BC+SR', 'name: test'),
      /^rounds\[1\].name: "test"; a name other than base, dev,/,
    ],
    [
      'a name twice',
      changed('name: BC+BC', 'name: BC+SR'),
      /^rounds\[2\].name: "BC\+SR"; a name of its own: rounds\[1\]/,
    ],
    [
      'a start from a later round',
      changed('from: BC', 'from: BC+BC'),
      /^rounds\[2\].from: "BC\+BC"; .* "base", "BC" or "BC\+SR"$/,
    ],
    [
      'a player that is not there yet',
      changed('kind: SR', 'kind: SR\n    collectWith: BC+BC'),
      /^rounds\[1\].collectWith: "BC\+BC"; .* "base" or "BC"$/,
    ],
    [
      'a player in a BC round',
      changed('from: BC', 'from: BC\n    collectWith: BC'),
      /^rounds\[2\].collectWith: "BC"; no collectWith in a BC round/,
    ],
    [
      'tasks of no round',
      changed('tasksOf: BC', 'tasksOf: base'),
      /^rounds\[2\].tasksOf: "base"; an earlier round with tasks of its own/,
    ],
    [
      'tasks of a round that borrows them itself',
      changed(
        'evaluation:\n',
        '  - { name: X, kind: BC, tasksOf: BC+BC, tasks: 100, filter: { policy: random }, training: { steps: 1, maxLength: 64 } }\nevaluation:\n',
      ),
      /^rounds\[3\].tasksOf: "BC\+BC"; an earlier round with tasks of its own: "BC" or "BC\+SR"$/,
    ],
    [
      'another number of borrowed tasks',
      changed('tasksOf: BC\n    tasks: 100', 'tasksOf: BC\n    tasks: 99'),
      /^rounds\[2\].tasks: 99; 100, as in round "BC"/,
    ],
    [
      'no author',
      CAMPAIGN.replace(/ {2}author: .*\n/, ''),
      /^models.author: nothing; the model that writes tasks/,
    ],
    [
      'no dev tasks to choose on',
      changed('devTasks: 10', 'devTasks: 0'),
      /^evaluation.devTasks: 0; at least 1, since rounds\[0\]/,
    ],
    [
      'an unknown policy to evaluate',
      changed('devTasks: 10', 'devTasks: 10\n  policies: [base, BCC]'),
      /^evaluation.policies\[1\]: "BCC"; a policy of this campaign/,
    ],
    [
      'a policy to evaluate twice',
      changed('devTasks: 10', 'devTasks: 10\n  policies: [base, base]'),
      /^evaluation.policies\[1\]: "base" again; each name once$/,
    ],
    [
      'a reference twice',
      changed('devTasks: 10', 'devTasks: 10\n  references: [expert, expert]'),
      /^evaluation.references\[1\]: "expert" again/,
    ],
    [
      'another template than the model has',
      changed('policy:\n  template: compact-v1', 'policy:\n  template: sotopia-v1'),
      /^policy.template: "sotopia-v1"; "compact-v1", the chat template/,
    ],
    [
      'rows longer than the context',
      changed('steps: 300, maxLength: 256', 'steps: 300, maxLength: 257'),
      /^rounds\[0\].training.maxLength: 257; at most the model's contextLength of 256$/,
    ],
    [
      'pre-training rows longer than the context',
      changed('steps: 1000, maxLength: 256', 'steps: 1000'),
      /^policy.base.pretrain.recipe.maxLength: 2048; at most/,
    ],
    [
      'answers as long as the context',
      changed('maxTokens: 24', 'maxTokens: 256'),
      /^policy.sampling.maxTokens: 256; fewer than/,
    ],
    [
      'heads of odd size',
      changed('heads: 4', 'heads: 32'),
      /^policy.base.pretrain.model.hiddenSize: 96; a multiple of 64/,
    ],
    [
      'an adapter on random weights',
      changed('recipe: {', 'recipe: { method: lora, lora: {},'),
      /^policy.base.pretrain.recipe.method: "lora"; "full"/,
    ],
    [
      'tasks for training only',
      imported('training'),
      /^tasks.import.use: "training"; "both", .* gives tasks to the evaluation$/,
    ],
    [
      'tasks for evaluation only',
      imported('evaluation'),
      /^tasks.import.use: "evaluation"; "both", .* gives tasks to the rounds$/,
    ],
    [
      'two pools of one name',
      changed(pool, '{ name: situations, file: norms.txt }'),
      /^tasks.generate.pools\[1\].name: "situations"; a name of its own: pools\[0\]/,
    ],
    [
      'a gate before no stage',
      `${CAMPAIGN}gates: [{ before: BC/trian, ask: Go on? }]\n`,
      /^gates\[0\].before: "BC\/trian"; a stage of this campaign: "corpus", "base", .*"BC\/train"/,
    ],
    [
      'two gates before one stage',
      `${CAMPAIGN}gates: [{ before: results, ask: Go on? }, { before: results, ask: Really? }]\n`,
      /^gates\[1\].before: "results"; a stage without a gate: gates\[0\] stands before this one/,
    ],
  ])('refuse %s', (_, text, expected) => {
    const found = check(text);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(expected);
  });

  it('allow imported tasks for one use when the others are generated', () => {
    expect(
      check(changed('  generate:', '  import: { environments: e.jsonl, use: training }\n  generate:')),
    ).toEqual([]);
  });
});

describe('parseCampaign', () => {
  const campaign: unknown = parse(CAMPAIGN, { merge: true });

  /** All paths into plain data. */
  const pathsOf = (data: unknown): (string | number)[][] =>
    typeof data !== 'object' || data === null
      ? []
      : Object.entries(data).flatMap(([key, value]) => {
          const part = Array.isArray(data) ? Number(key) : key;
          return [[part], ...pathsOf(value).map((rest) => [part, ...rest])];
        });
  const withValue = (data: unknown, [part, ...rest]: (string | number)[], value: unknown): unknown => {
    if (part === undefined) return value;
    const copy = (Array.isArray(data) ? [...data] : { ...(data as object) }) as Record<
      string | number,
      unknown
    >;
    copy[part] = withValue(copy[part], rest, value);
    return copy;
  };

  it('ends with mistakes named exactly when there are some, whatever a value is replaced by', () => {
    const anyChange = fc.tuple(
      fc.constantFrom(...pathsOf(campaign)),
      fc.oneof(
        fc.jsonValue({ maxDepth: 2 }),
        fc.constantFrom(undefined, 'BC', 'base', 0, -1, {}, [], [{}], { policy: 'x' }),
      ),
    );
    fc.assert(
      fc.property(fc.array(anyChange, { minLength: 1, maxLength: 3 }), (changes) => {
        const data = changes.reduce((changing, [path, value]) => {
          try {
            return withValue(changing, path, value);
          } catch {
            return changing;
          }
        }, campaign);
        const { spec, issues } = parseCampaign(data);
        const valid = CampaignSpec.safeParse(data);
        const right = valid.success && checkCampaign(valid.data).length === 0;
        expect(issues.length === 0).toBe(right);
        if (right) expect(spec).toEqual(valid.data);
        for (const { found, expected } of issues)
          expect([found, expected].every((text) => text.length > 0)).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  it.each(['expert', 'partner'])('says why the %s cannot be asked by batches', (role) => {
    const { issues } = parseCampaign(withValue(campaign, ['models', role, 'batch'], {}));
    expect(issues).toMatchObject([
      { path: ['models', role, 'batch'], expected: expect.stringMatching(/a conversation cannot wait/) },
    ]);
  });

  it('names a single wrong value as its only mistake', () => {
    const leaves = pathsOf(campaign).filter((path) =>
      /^(number|boolean)$/.test(typeof valueOf(campaign, path)),
    );
    for (const path of leaves) {
      const { issues } = parseCampaign(withValue(campaign, path, 'wrong'));
      expect(issues.map((issue) => pathText(issue.path))).toEqual([pathText(path)]);
    }
  });

  const valueOf = (data: unknown, path: (string | number)[]): unknown =>
    path.reduce<unknown>((value, part) => (value as Record<string | number, unknown>)[part], data);
});

describe('nearestWord', () => {
  it.each([
    ['paper-cb', ['paper-bc', 'paper-sr', 'random'], 'paper-bc'],
    ['Modle', ['model', 'baseUrl'], 'model'],
    ['apiKey', ['model', 'apiKeyEnv'], 'apiKeyEnv'],
    ['temprature', ['temperature', 'topP'], 'temperature'],
    ['retries', ['model', 'seed'], undefined],
    ['x', ['y'], undefined],
    ['', ['a'], undefined],
  ])('of %j among %j is %j', (word, candidates, nearest) => {
    expect(nearestWord(word, candidates)).toBe(nearest);
  });
});
