import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A campaign file without a mistake; the files it names are made by `campaignFolder`. */
export const CAMPAIGN = `name: demo
seed: 7
models:
  expert: &simulated
    baseUrl: \${SIMULATOR_URL}
    model: simulated-expert
    template: compact-v1
    simulated: true
  partner:
    <<: *simulated
    model: simulated-partner
  judge: { baseUrl: "\${SIMULATOR_URL}", model: simulated-judge, simulated: true }
  author: { baseUrl: "\${SIMULATOR_URL}", model: simulated-author, simulated: true }
policy:
  template: compact-v1
  sampling: { temperature: 0.8, maxTokens: 24 }
  base:
    pretrain:
      corpus: { url: "\${SIMULATOR_URL}/corpora/poor-dialogues?episodes=100&seed=1" }
      model:
        hiddenSize: 96
        layers: 4
        heads: 4
        feedForward: 256
        contextLength: 256
        tokenizer: { kind: words }
        chatTemplate: compact-v1
      recipe: { steps: 1000, maxLength: 256 }
tasks:
  profiles: { agents: agents.jsonl }
  generate:
    pools:
      - { name: situations, file: situations.txt }
      - { name: norms, file: norms.txt }
    examples: examples.jsonl
rounds:
  - name: BC
    kind: BC
    tasks: 100
    filter: { policy: paper-bc }
    training: { steps: 300, maxLength: 256 }
    checkpoint: { choose: best-on-dev }
  - name: BC+SR
    kind: SR
    tasks: 100
    filter: { policy: paper-sr }
    training: { steps: 100, maxLength: 256 }
  - name: BC+BC
    kind: BC
    from: BC
    tasksOf: BC
    tasks: 100
    filter: { policy: random }
    training: { steps: 100, maxLength: 256 }
evaluation:
  tasks: 60
  devTasks: 10
`;

/** A new folder with the files that CAMPAIGN names, and a campaign file of the given text in it. */
export function campaignFolder(text: string): { folder: string; file: string } {
  const folder = mkdtempSync(join(tmpdir(), 'pi-loop-campaign-'));
  for (const name of ['agents.jsonl', 'situations.txt', 'norms.txt', 'examples.jsonl']) {
    writeFileSync(join(folder, name), 'content\n');
  }
  const file = join(folder, 'campaign.yaml');
  writeFileSync(file, text);
  return { folder, file };
}

/** CAMPAIGN with one piece replaced; refuses a piece that is not there exactly once. */
export function changed(piece: string, by: string, text: string = CAMPAIGN): string {
  const parts = text.split(piece);
  if (parts.length !== 2) throw new Error(`expected once, found ${parts.length - 1} times: ${piece}`);
  return parts.join(by);
}
