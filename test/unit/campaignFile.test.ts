import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CampaignFileError, type CampaignFileIssue, readCampaignFile } from '../../cli/campaignFile';
import { CAMPAIGN, campaignFolder, changed } from './campaignFixtures';

async function errorOf(file: string): Promise<CampaignFileError> {
  const outcome = await readCampaignFile(file).catch((error: unknown) => error);
  if (outcome instanceof CampaignFileError) return outcome;
  throw new Error(`expected a CampaignFileError, got ${JSON.stringify(outcome)}`);
}

const issuesOf = async (text: string): Promise<readonly CampaignFileIssue[]> =>
  (await errorOf(campaignFolder(text).file)).issues;

const places = (issues: readonly CampaignFileIssue[]) =>
  issues.map(({ line, column, path }) => `${line}:${column} ${path}`);

describe('a campaign file without a mistake', () => {
  it('gives the spec with its defaults, and the files beside it by their path in the spec', async () => {
    const { folder, file } = campaignFolder(CAMPAIGN);
    const { spec, files } = await readCampaignFile(file);
    expect(spec.rounds[0]?.filter).toEqual({ policy: 'paper-bc', top: 2 });
    expect(spec.models.partner).toMatchObject({ model: 'simulated-partner', template: 'compact-v1' });
    expect(files).toEqual({
      'tasks.profiles.agents': join(folder, 'agents.jsonl'),
      'tasks.generate.pools[0].file': join(folder, 'situations.txt'),
      'tasks.generate.pools[1].file': join(folder, 'norms.txt'),
      'tasks.generate.examples': join(folder, 'examples.jsonl'),
    });
  });

  it('may name a folder as the base policy', async () => {
    const start = CAMPAIGN.indexOf('    pretrain:');
    const text = `${CAMPAIGN.slice(0, start)}    directory: model\n${CAMPAIGN.slice(CAMPAIGN.indexOf('tasks:\n'))}`;
    const { folder, file } = campaignFolder(text);
    expect((await errorOf(file)).issues).toMatchObject([
      { path: 'policy.base.directory', found: `nothing at ${join(folder, 'model')}` },
    ]);
    mkdirSync(join(folder, 'model'));
    expect((await errorOf(file)).issues).toMatchObject([
      { found: `an empty folder at ${join(folder, 'model')}` },
    ]);
    writeFileSync(join(folder, 'model', 'config.json'), '{}');
    expect((await readCampaignFile(file)).files['policy.base.directory']).toBe(join(folder, 'model'));
  });
});

describe('a campaign file with mistakes', () => {
  it('reports all of them in one message: YAML, keys, types, references, files', async () => {
    let text = changed('seed: 7', 'seed: seven');
    text = changed('policy: paper-bc', 'policy: paper-cb', text);
    text = changed('model: simulated-judge', 'modle: simulated-judge', text);
    text = changed('tasksOf: BC', 'tasksOf: BX', text);
    text = changed('examples: examples.jsonl', 'examples: missing.jsonl', text);
    text = changed('  devTasks: 10', '  devTasks: 0\n  tasks: 61', text);
    const { folder, file } = campaignFolder(text);
    const { message } = await errorOf(file);
    expect(message.replaceAll(folder, '.')).toBe(
      [
        './campaign.yaml has 7 mistakes:',
        '  ./campaign.yaml:2:7 seed: found "seven", expected a number',
        '  ./campaign.yaml:12:41 models.judge.modle: found an unknown key, expected one of the keys baseUrl, model, apiKeyEnv, headers, query, sampling, reasoning, seeded, structuredOutput, simulated, batch, onSnapshotChange; did you mean "model"?',
        '  ./campaign.yaml:35:15 tasks.generate.examples: found nothing at ./missing.jsonl, expected a file that can be read',
        '  ./campaign.yaml:40:23 rounds[0].filter.policy: found "paper-cb", expected one of "paper-bc", "paper-sr", "code-top1", "threshold" or "random"; did you mean "paper-bc"?',
        '  ./campaign.yaml:51:14 rounds[2].tasksOf: found "BX", expected an earlier round with tasks of its own: "BC" or "BC+SR"; did you mean "BC"?',
        '  ./campaign.yaml:57:13 evaluation.devTasks: found 0, expected at least 1, since rounds[0] chooses its checkpoint on dev tasks',
        '  ./campaign.yaml:58:3: found what cannot be read (Map keys must be unique), expected YAML 1.2',
      ].join('\n'),
    );
  });

  it('points at the key of an unknown key, at the value of a wrong one, and at the holder of a missing one', async () => {
    let text = changed(
      '    tasks: 100\n    filter: { policy: paper-sr }',
      '    filter: { policy: paper-sr, top: 3 }',
    );
    text = changed('layers: 4', 'layers: 0', text);
    expect(places(await issuesOf(text))).toEqual([
      '22:17 policy.base.pretrain.model.layers',
      '43:5 rounds[1].tasks',
      '45:33 rounds[1].filter.top',
    ]);
  });

  it('counts a misspelt key once, and checks what it holds', async () => {
    const issues = await issuesOf(changed('training: { steps: 300,', 'trainng: { steps: 0,'));
    expect(issues).toMatchObject([
      { path: 'rounds[0].trainng', found: 'an unknown key', suggestion: 'training' },
      { path: 'rounds[0].trainng.steps', found: '0', expected: 'a number of at least 1' },
    ]);
  });

  it('judges of alternatives the one that was meant', async () => {
    const issues = await issuesOf(changed('corpus: { url:', 'corpus: { uri:'));
    expect(issues).toMatchObject([{ path: 'policy.base.pretrain.corpus.uri', suggestion: 'url' }]);
    const both = await issuesOf(changed('    pretrain:', '    directory: model\n    pretrain:'));
    expect(both).toMatchObject([
      {
        path: 'policy.base',
        found: 'a mapping of directory, pretrain',
        expected: 'a mapping with directory, or a mapping with pretrain',
      },
    ]);
  });

  it('asks for the policy of a filter first, and invents no mistakes in the rest of it', async () => {
    expect(await issuesOf(changed('{ policy: paper-sr }', '{ share: 0.3 }'))).toMatchObject([
      { path: 'rounds[1].filter.policy', found: 'nothing' },
    ]);
    expect(await issuesOf(changed('{ policy: paper-sr }', '{ polcy: paper-sr, share: 3 }'))).toMatchObject([
      { path: 'rounds[1].filter.polcy', suggestion: 'policy' },
      { path: 'rounds[1].filter.share', found: '3' },
    ]);
  });

  it('does not report what only follows from another mistake', async () => {
    // Nobody can tell whether `from: BC` is right while the name of the first round is missing.
    expect(places(await issuesOf(changed('  - name: BC\n    kind', '  - kind')))).toEqual([
      '37:5 rounds[0].name',
    ]);
    expect(places(await issuesOf(changed('contextLength: 256', 'contextLength: wide')))).toEqual([
      '25:24 policy.base.pretrain.model.contextLength',
    ]);
    expect(places(await issuesOf(changed('steps: 300', 'steps: many')))).toEqual([
      '41:24 rounds[0].training.steps',
    ]);
  });

  it('says that a value is the default when the file does not have it', async () => {
    expect(await issuesOf(changed(', maxTokens: 24', ''))).toMatchObject([
      { line: 16, path: 'policy.sampling.maxTokens', found: '1024 (the default)' },
    ]);
  });

  it('never prints what stands where the name of a key variable should', async () => {
    const error = await errorOf(
      campaignFolder(changed('model: simulated-judge', 'model: m, apiKeyEnv: sk-secret-0123')).file,
    );
    expect(error.message).toContain('models.judge.apiKeyEnv: found a text of 14 characters');
    expect(error.message).not.toContain('secret');
  });
});

describe('a file that is hardly YAML', () => {
  it.each([
    ['a tab', changed('  partner:', '\tpartner:'), /Tabs are not allowed as indentation/],
    ['an open quote', changed('name: demo', 'name: "demo'), /Missing closing "quote/],
    ['an open brace', changed('{ policy: paper-sr }', '{ policy: paper-sr'), /must be sufficiently indented/],
    ['an unknown alias', changed('*simulated', '*simulate'), /alias \*simulate has no anchor/],
    ['a part within itself', `${CAMPAIGN}limits: &limits [*limits]\n`, /contains itself/],
    ['two documents', `${CAMPAIGN}---\nname: other\n`, /multiple documents/],
  ])('with %s says so, and claims nothing to be missing', async (_, text, reason) => {
    const issues = await issuesOf(text);
    expect(issues.some(({ found }) => reason.test(found))).toBe(true);
    expect(issues.filter(({ found }) => found === 'nothing')).toEqual([]);
  });

  it('still reports the mistakes beside it', async () => {
    const text = changed('{ policy: paper-sr }', '{ policy: paper-sr', changed('tasks: 60', 'tasks: many'));
    expect((await issuesOf(text)).map(({ path }) => path)).toEqual(['', 'evaluation.tasks']);
  });

  it.each([
    ['', 'nothing'],
    ['# only a comment\n', 'nothing'],
    ['hello', '"hello"'],
    ['- a\n- b\n', 'a list of 2'],
  ])('%j is no campaign', async (text, found) => {
    expect(await issuesOf(text)).toMatchObject([{ line: 1, column: 1, path: '', found }]);
  });
});

it('says when there is no such file, or a folder', async () => {
  const { folder } = campaignFolder(CAMPAIGN);
  expect((await errorOf(join(folder, 'no.yaml'))).message).toMatch(
    /no\.yaml: found no such file, expected a campaign/,
  );
  expect((await errorOf(folder)).issues).toMatchObject([{ line: null, found: 'a folder' }]);
});

it('tells files that are empty, folders, or missing apart', async () => {
  const { folder, file } = campaignFolder(CAMPAIGN);
  writeFileSync(join(folder, 'norms.txt'), '');
  writeFileSync(file, changed('file: situations.txt', 'file: .'));
  expect((await errorOf(file)).issues).toMatchObject([
    { path: 'tasks.generate.pools[0].file', found: `a folder at ${folder}` },
    { path: 'tasks.generate.pools[1].file', found: `an empty file at ${join(folder, 'norms.txt')}` },
  ]);
});
