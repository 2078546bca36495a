import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import { StoredCheckpoint } from '../../schemas/checkpoint';
import { CollectedEpisode, Episode } from '../../schemas/episode';
import { Evaluation, Results } from '../../schemas/evaluation';
import { Decision } from '../../schemas/filter';
import { Plan, StageResult } from '../../schemas/plan';
import { TaskSet } from '../../schemas/profiles';
import { Rating } from '../../schemas/rating';
import { DialogueRow, PolicyCheckpoint } from '../../schemas/training';

const CORPUS = join(__dirname, 'artifacts');

/** Each form of artifact that a later version must read. */
const FORMS: Record<string, z.ZodType> = {
  'checkpoints.json': PolicyCheckpoint.array(),
  'dataset.jsonl': DialogueRow,
  'decisions.jsonl': Decision,
  'episode.json': Episode,
  'episodes.jsonl': CollectedEpisode,
  'evaluation.json': Evaluation,
  'plan.json': Plan,
  'rating.json': Rating,
  'results.json': Results,
  'stage-result.json': StageResult,
  'stored-checkpoint.json': StoredCheckpoint,
  'tasks.json': TaskSet,
};

describe.each(readdirSync(CORPUS))('artifacts of %s', (release) => {
  test('are all there', () => {
    expect(readdirSync(join(CORPUS, release)).sort()).toEqual(Object.keys(FORMS));
  });

  test.each(Object.entries(FORMS))('are read today: %s', (file, form) => {
    const content: unknown = JSON.parse(readFileSync(join(CORPUS, release, file), 'utf8'));
    expect(form.safeParse(content).error).toBeUndefined();
  });
});
