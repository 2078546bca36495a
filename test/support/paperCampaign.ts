import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKOUT } from '../../deploy/local/checkout';
import type { Spec } from './controlledSystem';

const example = (file: string): string => join(CHECKOUT, 'examples', file);

/** The campaign of the paper, as its file has it. */
export const PAPER = example('sotopia-pi-mistral.yaml');

/** The models that it names. */
export const PAPER_MODELS = ['gpt-4o-2024-11-20', 'gpt-4o-mini-2024-07-18'];

/** Lets programs at an address play its models, at a price, and puts an empty folder in the place of its weights. */
export function playedByPrograms(spec: Spec, baseUrl: string, folder: string): void {
  for (const role of ['expert', 'partner', 'judge', 'author']) {
    const { apiKeyEnv: _key, '<<': _merged, ...model } = spec['models'][role];
    spec['models'][role] = { ...model, baseUrl, simulated: true };
  }
  const weights = join(folder, 'weights');
  mkdirSync(weights, { recursive: true });
  writeFileSync(join(weights, 'config.json'), '{}');
  spec['policy'].base = { directory: weights };
  const { profiles, generate } = spec['tasks'];
  for (const named of [profiles, generate, ...generate.pools])
    for (const key of ['agents', 'relationships', 'examples', 'excludeKeywords', 'file'])
      if (key in named) named[key] = example(named[key]);
  spec['prices'] = join(folder, 'prices.json');
  const price = { provider: 'simulated', input: 2.5, cachedInput: 1.25, output: 10 };
  const models = PAPER_MODELS.map((model) => ({ ...price, model }));
  writeFileSync(spec['prices'], JSON.stringify({ date: '2026-11-25', source: 'the test', models }));
}
