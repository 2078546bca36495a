import type { ArtifactRef } from '../../schemas/artifact';
import type { CampaignSpec } from '../../schemas/campaign';
import type { ParametersOf } from '../../schemas/plan';
import { seedOf } from '../random/seed';
import { formAnsweringModel } from './askedModel';

export const DEV = 'dev';
export const TEST = 'test';

/** @param file the file of that path in the spec */
export function taskParameters(
  spec: CampaignSpec,
  file: (path: string) => ArtifactRef,
): ParametersOf<'prepareTasks'> {
  const { evaluation, rounds, models, tasks } = spec;
  const { profiles, generate, import: imported } = tasks;
  const splits = [
    { name: TEST, tasks: evaluation.tasks, evaluation: true },
    { name: DEV, tasks: evaluation.devTasks, evaluation: true },
    ...rounds
      .filter((round) => !round.tasksOf)
      .map(({ name, tasks }) => ({ name, tasks, evaluation: false })),
  ].filter((split) => split.tasks > 0);
  return {
    splits,
    agents: file('tasks.profiles.agents'),
    relationships: profiles.relationships ? file('tasks.profiles.relationships') : null,
    generate:
      generate && models.author
        ? {
            author: formAnsweringModel(models.author),
            pools: generate.pools.map(({ name }, index) => ({
              name,
              file: file(`tasks.generate.pools[${index}].file`),
            })),
            examples: file('tasks.generate.examples'),
            excludeKeywords: generate.excludeKeywords ? file('tasks.generate.excludeKeywords') : null,
            attemptsPerTask: generate.attemptsPerTask,
            maxSimilarity: generate.maxSimilarity,
          }
        : null,
    import: imported
      ? {
          environments: file('tasks.import.environments'),
          pairs: imported.pairs ? file('tasks.import.pairs') : null,
          use: imported.use,
        }
      : null,
    seed: seedOf(spec.seed, 'tasks'),
  };
}
