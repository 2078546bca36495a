import { ApplicationFailure } from '@temporalio/activity';
import { TrainingRow } from '../schemas/training';
import { MEDIA_TYPES } from '../schemas/names';
import type { ArtifactStore } from '../artifacts/artifactStore';
import { parseLine } from './support/childProcess';
import type { Environment } from './support/environment';
import { failure, reasonOf } from './support/failures';
import { FREE, type Plans, type StageOutcome, type StageWork } from './support/stageWork';

export interface CorpusDependencies {
  store: ArtifactStore;
  plans: Plans;
  environment: Environment;
}

export function createCorpusActivities({ store, plans, environment }: CorpusDependencies) {
  return {
    /** Brings a corpus of training rows into the store. Errors: CORPUS_UNREACHABLE, CORPUS_REFUSED, CORPUS_INVALID. */
    async importCorpus(work: StageWork): Promise<StageOutcome> {
      const { source } = await plans.parameters('importCorpus', work);
      const [text, where] =
        'url' in source
          ? [await download(environment.resolve(source.url)), source.url]
          : [await store.getText(source.file), source.file.name];
      const rows = countRows(text, where);
      const corpus = await store.putText(text, 'corpus.jsonl', MEDIA_TYPES.jsonLines);
      return { outputs: { corpus }, counts: { rows }, cost: FREE };
    },
  };
}

async function download(url: string): Promise<string> {
  let reason: string;
  try {
    const answer = await fetch(url);
    if (answer.ok) return await answer.text();
    reason = `status ${answer.status}`;
    if (answer.status < 500 && !PASSING.has(answer.status)) {
      throw failure(
        'CORPUS_REFUSED',
        `The corpus at ${url} is not to be had (${reason}). Correct the address in the campaign file, or download the corpus and give it as \`file\`, and \`pi-loop amend\` the campaign.`,
      );
    }
  } catch (error) {
    if (error instanceof ApplicationFailure) throw error;
    reason = reasonOf(error);
  }
  throw failure(
    'CORPUS_UNREACHABLE',
    `The corpus at ${url} could not be read (${reason}). It is tried again.`,
  );
}

/** Request timeout, conflict, too many requests: another time may be better. */
const PASSING = new Set([408, 409, 429]);

function countRows(text: string, where: string): number {
  const lines = text.split('\n').filter((line) => line !== '');
  lines.forEach((line, index) => {
    const row = TrainingRow.safeParse(parseLine(line));
    if (!row.success)
      throw failure(
        'CORPUS_INVALID',
        `Line ${index + 1} of corpus ${where} is not a training row {"id", "messages": [{"role", "content"}, …]}.`,
      );
  });
  if (lines.length === 0) throw failure('CORPUS_INVALID', `Corpus ${where} has no rows.`);
  return lines.length;
}
