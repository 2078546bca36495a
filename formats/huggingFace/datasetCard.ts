import { plain, table } from './markdown';
import { frontMatter } from './yaml';

/** What a training set's card says. */
export interface DescribedTrainingSet {
  campaign: string;
  round: string;
  license: string | null;
  rows: number;
  /** Name of the filter policy, and how many sides it kept of how many. */
  filter: string;
  kept: number;
  sides: number;
  simulated: boolean;
  /** Digest of the filter stage's manifest. */
  manifest: string;
}

/** A Hugging Face dataset card (huggingface.co/docs/hub/datasets-cards). */
export function datasetCard(set: DescribedTrainingSet): string {
  const metadata = {
    license: set.license?.toLowerCase() ?? 'unknown',
    language: ['en'],
    task_categories: ['text-generation'],
    tags: ['sotopia', 'sotopia-pi', ...(set.simulated ? ['simulated'] : [])],
    configs: [{ config_name: 'default', data_files: [{ split: 'train', path: 'dataset.jsonl' }] }],
  };
  return [
    frontMatter(metadata),
    `# ${plain(set.campaign)}: training rows of round ${plain(set.round)}`,
    '',
    `${set.simulated ? 'Simulated models wrote these dialogues. ' : ''}Each row is what one side of a social dialogue saw, and what it answered; the answer is learned. The filter \`${set.filter}\` kept ${set.kept} of ${set.sides} sides, by the ratings of a judge; \`decisions.jsonl\` has the reason for each.`,
    '',
    table([
      ['file', 'rows', 'what'],
      ['dataset.jsonl', String(set.rows), 'training rows: `id`, `episode`, `position`, `messages`'],
      ['decisions.jsonl', String(set.sides), 'keep or drop, with a reason, for each side of each episode'],
      ['croissant.json', '', 'Croissant 1.1'],
    ]),
    '',
    `Made by the stage whose signed manifest is \`sha256:${set.manifest}\`.`,
    '',
  ].join('\n');
}
