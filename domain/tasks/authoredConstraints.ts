import type { AuthoredTask, PairConstraints } from '../../schemas/profiles';
import { readAges, readNames } from './constraints';

/** The constraints an author wrote; unlike those of a file, an unreadable one is not ignored: the author can try again. */
export function constraintsOf(task: AuthoredTask): PairConstraints | { unreadable: string } {
  const ages = readAges(task.age_constraint);
  const occupations = readNames(task.occupation_constraint);
  const agents = readNames(task.agent_constraint);
  if (ages.kind === 'unreadable') return { unreadable: `age_constraint ${task.age_constraint}` };
  if (occupations.kind === 'unreadable') {
    return { unreadable: `occupation_constraint ${task.occupation_constraint}` };
  }
  if (agents.kind === 'unreadable') return { unreadable: `agent_constraint ${task.agent_constraint}` };
  return {
    ages: ages.kind === 'read' ? ages.value : null,
    occupations: occupations.kind === 'read' ? occupations.value : null,
    agents: agents.kind === 'read' ? agents.value : null,
  };
}
