/**
 * A valid campaign with every part in it. What is missing or wrong in a campaign file is replaced from here while the
 * file is checked, so that one mistake does not hide the others; nothing from here is ever run.
 */
const model = { baseUrl: 'http://localhost/v1', model: 'model' };

export const SKELETON = {
  name: 'campaign',
  seed: 0,
  models: { expert: model, partner: model, judge: model, author: model },
  policy: {
    template: 'compact-v1',
    sampling: { maxTokens: 16 },
    base: {
      pretrain: {
        corpus: { url: 'http://localhost/corpus' },
        model: {
          hiddenSize: 8,
          layers: 1,
          heads: 1,
          feedForward: 8,
          contextLength: 32,
          tokenizer: { kind: 'words' },
          chatTemplate: 'compact-v1',
        },
        recipe: { steps: 1, maxLength: 32 },
      },
    },
  },
  tasks: {
    profiles: { agents: 'agents.jsonl' },
    generate: { pools: [{ name: 'pool', file: 'pool.txt' }], examples: 'examples.jsonl' },
    import: { environments: 'environments.jsonl' },
  },
  rounds: [
    {
      name: 'round',
      kind: 'BC',
      tasks: 1,
      filter: { policy: 'code-top1' },
      training: { steps: 1, maxLength: 32 },
    },
  ],
  evaluation: { tasks: 1 },
  gates: [{ before: 'results', ask: 'Go on?' }],
} as const;
