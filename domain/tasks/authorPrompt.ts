import { AuthoredTask } from '../../schemas/profiles';
import type { ChatMessage } from '../../schemas/training';
import { answerForm } from '../prompts/answerForm';
import { formatConstraints } from './constraints';
import type { UnplacedTask } from './importEnvironments';
import { oneLine } from './normalise';

/** Name of this prompt's wording; a changed wording is a new name. */
export const AUTHOR_TEMPLATE = 'author-v1';

/** What an answer must look like: Sotopia's EnvironmentProfile, as JSON Schema. */
const ANSWER_SCHEMA = {
  type: 'object',
  properties: {
    codename: { type: 'string', description: 'short name of the task, lower case with underscores' },
    scenario: { type: 'string', description: 'the situation, as both sides know it' },
    agent_goals: {
      type: 'array',
      items: { type: 'string' },
      minItems: 2,
      maxItems: 2,
      description: 'the private goal of the first and of the second side',
    },
    relationship: {
      type: 'integer',
      minimum: 0,
      maximum: 5,
      description:
        '0 strangers, 1 know each other by name, 2 acquaintances, 3 friends, 4 romantic partners, 5 family members',
    },
    age_constraint: { type: 'string', description: 'ages of the two sides, such as [(18, 70), (18, 70)]' },
    occupation_constraint: {
      type: 'string',
      description: 'occupations of each side as a list of two lists, or none',
    },
    agent_constraint: { type: 'string', description: 'none' },
  },
  required: ['codename', 'scenario', 'agent_goals', 'relationship', 'age_constraint'],
};

/** The form of an answer, for endpoints that keep to one. */
export const TASK_FORM = answerForm('social_task', AuthoredTask);

const INSTRUCTIONS = [
  'You write social tasks: situations in which two people talk to each other, each with a private goal.',
  'Write one new task that is inspired by the keyword and of the same kind as the example, but not a copy of it.',
  'There are exactly two goals, one for each side. At first the two sides disagree: what one wants is in the way of',
  'what the other wants. They must be able to work it out together by talking. Do not put one side’s private',
  'knowledge into the scenario. Answer with one JSON object of the schema and nothing else.',
].join('\n');

/** Prompt `author-v1`: an example task, a keyword and the schema; the answer is one new task as JSON. */
export function authorPrompt(example: UnplacedTask, keyword: string): ChatMessage[] {
  const content = [
    'Schema:',
    JSON.stringify(ANSWER_SCHEMA),
    '',
    'Example:',
    JSON.stringify(exampleOf(example)),
    '',
    `Keyword: ${oneLine(keyword)}`,
  ].join('\n');
  return [
    { role: 'system', content: INSTRUCTIONS },
    { role: 'user', content },
  ];
}

/** A task in the field names of an EnvironmentProfile. */
function exampleOf(task: UnplacedTask) {
  return {
    codename: task.codename,
    scenario: task.scenario,
    agent_goals: task.goals,
    relationship: task.relationship,
    ...formatConstraints(task.constraints),
  };
}
