import { stagesBehind } from '../../domain/plan/stagesBehind';

/** A plan's stages, each with those it reads. */
const plan = (stages: Record<string, string[]>) =>
  Object.entries(stages).map(([id, inputs]) => ({
    id,
    inputs: Object.fromEntries(inputs.map((stage) => [stage, { stage, output: 'any' }])),
  }));

test('what the next round waits for comes before an evaluation on the side, and what all wait for before both', () => {
  const stages = plan({
    base: [],
    tasks: [],
    collect: ['tasks'],
    filter: ['collect'],
    train: ['base', 'filter'],
    'evaluate/base': ['base', 'tasks'],
    'evaluate/BC': ['train', 'tasks'],
    results: ['evaluate/base', 'evaluate/BC'],
  });
  const behind = (id: string) => stagesBehind(stages, id);
  expect(behind('results')).toBe(0);
  expect(behind('evaluate/base')).toBe(1);
  expect(behind('collect')).toBe(4);
  expect(behind('tasks')).toBe(5);
});
