import type { Episode, Position, TemplateName } from '../../schemas/episode';
import type { AgentProfile, SocialTask, TaskSet } from '../../schemas/profiles';
import type { DialogueRow } from '../../schemas/training';
import { templateNamed } from '../prompts/templates';
import { viewOf } from './view';

/** Tasks and agents of a task set by their ids. */
export class Cast {
  private readonly tasks: ReadonlyMap<string, SocialTask>;
  private readonly agents: ReadonlyMap<string, AgentProfile>;

  constructor({ tasks, agents }: TaskSet) {
    this.tasks = new Map(tasks.map((task) => [task.id, task]));
    this.agents = new Map(agents.map((agent) => [agent.id, agent]));
  }

  /** Null when the task set lacks one of them. */
  of({ task: id, agents: [a, b] }: Pick<Episode, 'task' | 'agents'>): {
    task: SocialTask;
    agents: [AgentProfile, AgentProfile];
  } | null {
    const task = this.tasks.get(id);
    const [first, second] = [this.agents.get(a), this.agents.get(b)];
    return task && first && second ? { task, agents: [first, second] } : null;
  }
}

/** What one side of an episode teaches; null when the task set lacks its task or one of its agents. */
export function trainingRows(
  episode: Episode,
  position: Position,
  cast: Cast,
  template: TemplateName,
): DialogueRow[] | null {
  const known = cast.of(episode);
  if (!known) return null;
  const examples = templateNamed(template).examples(
    viewOf(known.task, known.agents, position),
    episode.turns,
  );
  return examples.map((messages, index) => ({
    id: `${episode.id}/${position}/${index}`,
    episode: episode.id,
    position,
    messages,
  }));
}
