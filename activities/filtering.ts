import { viewOf } from '../domain/episode/view';
import { filterEpisodes, type RatedSide } from '../domain/filter';
import { inParallel } from '../domain/inParallel';
import { templateNamed } from '../domain/prompts/templates';
import { CollectedEpisode, Episode, type Position } from '../schemas/episode';
import { MEDIA_TYPES } from '../schemas/names';
import type { Decision } from '../schemas/filter';
import { type AgentProfile, TaskSet } from '../schemas/profiles';
import type { ParametersOf } from '../schemas/plan';
import { overallScore } from '../schemas/scores';
import type { DialogueRow } from '../schemas/training';
import type { ArtifactStore } from '../artifacts/artifactStore';

import { failure } from './support/failures';
import { FREE, inputOf, type Plans, type StageOutcome, type StageWork } from './support/stageWork';

const READS_AT_ONCE = 16;

export function createFilterActivities({ store, plans }: { store: ArtifactStore; plans: Plans }) {
  return {
    /**
     * Decides for each side of each episode whether it is learned from, and writes the training rows of those kept.
     * Errors: TOO_FEW_KEPT.
     */
    async filterEpisodes(work: StageWork): Promise<StageOutcome> {
      const parameters = await plans.parameters('filterEpisodes', work);
      const collected = await store.getJsonLines(inputOf(work, 'episodes').digest.sha256, CollectedEpisode);
      const taskSet = await store.getJson(inputOf(work, 'tasks').digest.sha256, TaskSet);
      const decisions = filterEpisodes(sidesOf(collected), parameters.filter, parameters.seed);
      const rows = await rowsOf(
        decisions.filter((decision) => decision.keep),
        collected,
        taskSet,
        parameters,
      );
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
    kept: Decision[],
    collected: CollectedEpisode[],
    { tasks, agents }: TaskSet,
    { template }: ParametersOf<'filterEpisodes'>,
  ): Promise<DialogueRow[]> {
    const digests = new Map(collected.map((row) => [row.id, row.episode]));
    const taskOf = new Map(tasks.map((task) => [task.id, task]));
    const agentOf = new Map(agents.map((agent) => [agent.id, agent]));
    const rows = await inParallel(kept, READS_AT_ONCE, async ({ episode: id, position, task: taskId }) => {
      const episode = await store.getJson(digests.get(id) ?? '', Episode);
      const task = taskOf.get(taskId);
      const [first, second] = episode.agents.map((agent) => agentOf.get(agent));
      if (!task || !first || !second)
        throw failure('ARTIFACT_CORRUPT', `Episode ${id} names a task or agent that the task set lacks.`);
      const cast: [AgentProfile, AgentProfile] = [first, second];
      const examples = templateNamed(template).examples(viewOf(task, cast, position), episode.turns);
      return examples.map(
        (messages, index): DialogueRow => ({
          id: `${id}/${position}/${index}`,
          episode: id,
          position,
          messages,
        }),
      );
    });
    return rows.flat();
  }
}

const POSITIONS = [0, 1] as const satisfies readonly Position[];

/** Both sides of each episode, as a filter sees them. */
const sidesOf = (episodes: readonly CollectedEpisode[]): RatedSide[] =>
  episodes.flatMap(({ id, task, scores }) =>
    POSITIONS.map((position) => ({
      episode: id,
      task,
      position,
      goal: scores ? scores[position].goal : null,
      overall: scores ? overallScore(scores[position]) : null,
    })),
  );
