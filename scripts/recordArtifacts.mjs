// Keeps one artifact of each form that a finished campaign made: what later versions must still read.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** @param store an ArtifactStore @param result a CampaignResult @param directory where they go */
export async function recordArtifacts(store, result, directory) {
  mkdirSync(directory, { recursive: true });
  const write = (name, text) =>
    writeFileSync(path.join(directory, name), text.endsWith('\n') ? text : `${text}\n`);
  const textOf = async (digest) => (await store.getBytes(digest)).toString('utf8');
  const outputOf = (stage, output) =>
    result.stages.find(({ id }) => id === stage).outputs[output].digest.sha256;

  const firstLine = async (stage, output) => (await textOf(outputOf(stage, output))).split('\n')[0];
  const collected = await firstLine('BC/collect', 'episodes');
  const { episode, rating } = JSON.parse(collected);
  write('episodes.jsonl', collected);
  write('episode.json', await textOf(episode));
  write('rating.json', await textOf(rating));
  write('plan.json', await textOf(result.plan));
  write('tasks.json', await textOf(outputOf('tasks', 'tasks')));
  write('decisions.jsonl', await firstLine('BC/filter', 'decisions'));
  write('dataset.jsonl', await firstLine('BC/filter', 'dataset'));
  write('checkpoints.json', await textOf(outputOf('BC/train', 'checkpoints')));
  write('evaluation.json', await textOf(outputOf('evaluate/BC', 'evaluation')));
  write('results.json', await textOf(outputOf('results', 'results')));
  const { key } = result.stages.find(({ id }) => id === 'BC/train');
  const kept = await store.list(`checkpoints/${key}/`);
  const checkpoint = kept.findLast((document) => !document.includes('/epochs/'));
  write('stored-checkpoint.json', await documentAt(store, checkpoint));
  write('stage-result.json', await documentAt(store, `stages/${key}.json`));
}

const documentAt = async (store, key) => JSON.stringify(await store.getDocument(key, ANYTHING));

const ANYTHING = { safeParse: (data) => ({ success: true, data }) };
