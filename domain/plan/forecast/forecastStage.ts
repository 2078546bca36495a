import type { ParametersOf, Stage } from '../../../schemas/plan';
import { type Asking, askForEpisodes, askForTasks, sideOf } from './asking';

/** What a stage asks of models and of policies. */
export function askingOf({
  kind,
  parameters,
  episodes,
}: Pick<Stage, 'kind' | 'parameters'> & { episodes: number }): Asking[] {
  switch (kind) {
    case 'prepareTasks':
      return askForTasks(parameters as ParametersOf<typeof kind>);
    case 'collectEpisodes': {
      const { rules, judge, players } = parameters as ParametersOf<typeof kind>;
      const [first, second] = players;
      const sides = [sideOf(first, 'expert'), sideOf(second, 'expert')] as const;
      return askForEpisodes({ episodes, rules, judge, sides });
    }
    case 'evaluatePolicy': {
      const { rules, judge, contestant, partner } = parameters as ParametersOf<typeof kind>;
      const sides = [sideOf(contestant, 'expert'), sideOf({ kind: 'model', ...partner }, 'partner')] as const;
      return askForEpisodes({ episodes, rules, judge, sides });
    }
    case 'chooseCheckpoint': {
      const { rules, judge, partner, template } = parameters as ParametersOf<typeof kind>;
      const policy = { role: 'policy', model: null, template } as const;
      const sides = [policy, sideOf({ kind: 'model', ...partner }, 'partner')] as const;
      return askForEpisodes({ episodes, rules, judge, sides });
    }
    default:
      return [];
  }
}
