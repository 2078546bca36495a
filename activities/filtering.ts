import { Cast, trainingRows } from '../domain/episode/trainingRows';
import { filterEpisodes } from '../domain/filter';
import { sidesOf } from '../domain/filter/sidesOf';
import { inParallel } from '../domain/inParallel';
import { type Lesson, lessonsOf, rowsOfLesson } from '../domain/training/lessons';
import { CollectedEpisode, Episode } from '../schemas/episode';
import { MEDIA_TYPES } from '../schemas/names';
import type { Decision } from '../schemas/filter';
import { TaskSet } from '../schemas/profiles';
import type { ParametersOf } from '../schemas/plan';
import type { DialogueRow } from '../schemas/training';
import type { ArtifactStore } from '../artifacts/artifactStore';

import { failure } from './support/failures';
import { FREE, inputOf, type Plans, type StageOutcome, type StageWork } from './support/stageWork';

const READS_AT_ONCE = 16;

export function createFilterActivities({ store, plans }: { store: ArtifactStore; plans: Plans }) {
  return {
    /**
     * Decides for each side of each episode whether it is learned from, and writes the training rows of those kept: alone,
     * with weights, or with what they are preferred to.
     * Errors: TOO_FEW_KEPT.
     */
    async filterEpisodes(work: StageWork): Promise<StageOutcome> {
      const parameters = await plans.parameters('filterEpisodes', work);
      const collected = await store.getJsonLines(inputOf(work, 'episodes').digest.sha256, CollectedEpisode);
      const taskSet = await store.getJson(inputOf(work, 'tasks').digest.sha256, TaskSet);
      const decisions = filterEpisodes(sidesOf(collected), parameters.filter, parameters.seed);
      const rows = await rowsOf(lessonsOf(decisions, parameters.form), collected, taskSet, parameters);
      if (rows.length < parameters.minimumRows) {
        throw failure(
          'TOO_FEW_KEPT',
          `The filter ${parameters.filter.policy} keeps ${rows.length} training rows of ${collected.length} episodes; at least ${parameters.minimumRows} are asked for. Loosen the round's filter or lower its minimumRows in the campaign file, and \`pi-loop amend\` the campaign.`,
        );
      }
      return {
        outputs: {
          decisions: await store.putJsonLines(decisions, 'decisions.jsonl', MEDIA_TYPES.decisions),
          dataset: await store.putJsonLines(rows, 'dataset.jsonl', MEDIA_TYPES.dataset),
        },
        counts: {
          sides: decisions.length,
          kept: decisions.filter((decision) => decision.keep).length,
          unrated: decisions.filter((decision) => decision.reason === 'unrated').length,
          tied: decisions.filter((decision) => decision.tied).length,
          rows: rows.length,
        },
        cost: FREE,
      };
    },
  };

  async function rowsOf(
    lessons: Lesson[],
    collected: CollectedEpisode[],
    taskSet: TaskSet,
    { template }: ParametersOf<'filterEpisodes'>,
  ): Promise<DialogueRow[]> {
    const digests = new Map(collected.map((row) => [row.id, row.episode]));
    const cast = new Cast(taskSet);
    const rowsOfSide = async ({ episode: id, position }: Decision) => {
      const episode = await store.getJson(digests.get(id) ?? '', Episode);
      const taught = trainingRows(episode, position, cast, template);
      if (!taught)
        throw failure('ARTIFACT_CORRUPT', `Episode ${id} names a task or agent that the task set lacks.`);
      return taught;
    };
    const rows = await inParallel(lessons, READS_AT_ONCE, async (lesson) => {
      const { side, against } = lesson;
      return rowsOfLesson(lesson, await rowsOfSide(side), against ? await rowsOfSide(against) : null);
    });
    return rows.flat();
  }
}
