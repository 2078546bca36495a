import type { ProbedModel } from '../../preflight/probeModels';
import { inert } from './inert';
import { type Column, textTable } from './textTable';

const COLUMNS: readonly Column[] = [
  { title: 'role', align: 'left' },
  { title: 'model', align: 'left' },
  { title: 'answers as', align: 'left' },
  { title: 'JSON schema', align: 'left' },
  { title: 'seed', align: 'left' },
  { title: 'log-probabilities', align: 'left' },
  { title: 'usage', align: 'left' },
  { title: 'cached tokens', align: 'left' },
  { title: 'batches', align: 'left' },
];

/** What the models of a campaign offer, what they lack, and what may be worth knowing. */
export function renderProbedModels(models: readonly ProbedModel[]): string {
  const notes = models.flatMap(({ role, failure, lacks, advice }) => [
    ...(failure && lacks.length === 0 ? [`! ${role}: ${failure.message}`] : []),
    ...lacks.map((lack) => `✗ ${lack}`),
    ...advice.map((text) => `  ${text}`),
  ]);
  return inert(
    [...textTable(COLUMNS, models.map(cellsOf)), ...(notes.length > 0 ? ['', ...notes] : [])].join('\n'),
  );
}

function cellsOf({ role, model, capabilities, failure }: ProbedModel): string[] {
  if (!capabilities) return [role, model, failure?.type ?? ''];
  const { snapshot, jsonSchema, seed, logProbabilities, usage, cachedTokens, batches } = capabilities;
  const offers = [jsonSchema, seed, logProbabilities, usage, cachedTokens, batches];
  return [role, model, snapshot, ...offers.map(inText)];
}

const inText = (offered: boolean | null): string => (offered === null ? '?' : offered ? 'yes' : 'no');
