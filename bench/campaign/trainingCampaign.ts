import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { poorDialogues } from '../../simulator/corpus';
import { writeProfiles } from './writeCampaign';

const CORPUS_EPISODES = 2_000;

/**
 * Writes a campaign that trains a tiny policy long enough to be interrupted, and then has it play many held-out
 * episodes. @param provider address of the provider, without a path @returns the campaign file
 */
export function writeTrainingCampaign(folder: string, name: string, provider: string): string {
  writeProfiles(folder);
  const corpus = [...poorDialogues(CORPUS_EPISODES, 1)].map((row) => `${JSON.stringify(row)}\n`).join('');
  writeFileSync(join(folder, 'corpus.jsonl'), corpus);
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, JSON.stringify(specOf(name, provider), null, 2));
  return file;
}

/** JSON is YAML. */
function specOf(name: string, provider: string) {
  const speaker = {
    baseUrl: `${provider}/compact/v1`,
    model: 'fixed-latency',
    simulated: true,
    template: 'compact-v1',
  };
  const recipe = { tokensPerBatch: 512, learningRate: 0.001, maxLength: 192 };
  return {
    name,
    seed: 1,
    models: {
      expert: speaker,
      partner: speaker,
      judge: { baseUrl: `${provider}/judge/v1`, model: 'fixed-latency', simulated: true },
    },
    policy: {
      template: 'compact-v1',
      sampling: { maxTokens: 16 },
      base: {
        pretrain: {
          corpus: { file: 'corpus.jsonl' },
          model: {
            hiddenSize: 64,
            layers: 2,
            heads: 2,
            feedForward: 128,
            contextLength: 1024,
            tokenizer: { kind: 'words' },
            chatTemplate: 'compact-v1',
          },
          recipe: { ...recipe, steps: 400, checkpointEvery: 50 },
        },
      },
    },
    tasks: { profiles: { agents: 'agents.jsonl' }, import: { environments: 'environments.jsonl' } },
    rounds: [
      {
        name: 'BC',
        kind: 'BC',
        tasks: 1,
        pairsPerTask: 1,
        filter: { policy: 'paper-bc' },
        training: { ...recipe, steps: 1, checkpointEvery: 1 },
      },
    ],
    evaluation: { tasks: 40, pairsPerTask: 10, policies: ['base'], references: [] },
  };
}
