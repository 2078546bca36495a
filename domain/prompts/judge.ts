import { JudgeAnswer } from '../../schemas/rating';
import { DIMENSION_RANGES, DIMENSIONS, type Dimension, type Scores } from '../../schemas/scores';
import type { Turn } from '../../schemas/episode';
import type { AgentProfile, SocialTask } from '../../schemas/profiles';
import type { ChatMessage } from '../../schemas/training';
import { fullName, ownBackground } from '../episode/background';
import { answerForm } from './answerForm';
import { extractJson } from './extractJson';
import { onOneLine, perceive } from './transcript';
import { readAs } from './viewerMarkup';

const MEANING: Record<Dimension, string> = {
  believability: 'Does the agent act naturally and true to its character?',
  relationship: 'How does the conversation change the ties between the two, and their standing with others?',
  knowledge: 'Does the agent gain new and important information?',
  secret: 'Does the agent give away what it should keep to itself? 0 when it does not.',
  social_rules: 'Does the agent break moral rules or laws? 0 when it does not.',
  financial_and_material_benefits: 'What does the agent gain or lose in money and goods?',
  goal: 'How far does the agent reach its own social goal? 10 is completely.',
};

const RUBRIC = DIMENSIONS.map((dimension) => {
  const [low, high] = DIMENSION_RANGES[dimension];
  return `- ${dimension} (${low} to ${high}): ${MEANING[dimension]}`;
}).join('\n');

const FORMAT =
  'Answer with one JSON object and nothing else: {"agent_1": {…}, "agent_2": {…}}, where agent_1 is the first ' +
  'participant and each holds all seven dimensions as {"reasoning": "…", "score": integer in range}.';

/** The form of an answer, for endpoints that keep to one. */
export const JUDGEMENT_FORM = answerForm('judgement', JudgeAnswer);

/** Models and people wrote these texts: none of them can look like the conversation, or like its end. */
const readForJudge = (text: string): string => onOneLine(readAs(text, 'judge'));

/** `judge-v1`: SotopiaEval's seven dimensions for both sides in one call. Turns in which nothing was done are left out. */
export function judgePrompt(
  task: SocialTask,
  agents: [AgentProfile, AgentProfile],
  turns: readonly Turn[],
): ChatMessage[] {
  const names = [fullName(agents[0]), fullName(agents[1])] as const;
  const lines = turns
    .filter((turn) => turn.action.type !== 'none')
    .map((turn) => `Turn #${turn.number}: ${names[turn.speaker]} ${perceive(turn.action)}`);
  const content = [
    'Rate how two agents did in a social interaction. Judge only by what was said and done.',
    `Scenario: ${readForJudge(task.scenario)}`,
    `Participants: ${names[0]} and ${names[1]}`,
    `${names[0]}'s background: ${onOneLine(ownBackground(agents[0]))}`,
    `${names[1]}'s background: ${onOneLine(ownBackground(agents[1]))}`,
    `${names[0]}'s goal: ${readForJudge(task.goals[0])}`,
    `${names[1]}'s goal: ${readForJudge(task.goals[1])}`,
    'Conversation Starts:',
    ...lines,
    'Conversation Ends.',
    'Dimensions:',
    RUBRIC,
    FORMAT,
  ].join('\n');
  return [{ role: 'user', content }];
}

export const judgeRepair = (prompt: ChatMessage[], answer: string, reason: string): ChatMessage[] => [
  ...prompt,
  ...(answer === '' ? [] : [{ role: 'assistant' as const, content: answer }]),
  {
    role: 'user',
    content: `This could not be read: ${reason}. Give the same judgement in the right form. ${FORMAT}`,
  },
];

/** The answer that expresses a judgement, as short as it can be. */
export function writeJudgement({ scores, reasoning }: Judgement): string {
  const side = (position: 0 | 1) =>
    Object.fromEntries(
      DIMENSIONS.map((dimension) => [
        dimension,
        { reasoning: reasoning[position][dimension] ?? '', score: scores[position][dimension] },
      ]),
    );
  return JSON.stringify({ agent_1: side(0), agent_2: side(1) });
}

export interface Judgement {
  scores: [Scores, Scores];
  reasoning: [Record<string, string>, Record<string, string>];
}

export type ReadJudgement = Judgement | { unreadable: string };

/** Reads a judge's answer strictly: a missing dimension or a score out of range makes it unreadable, never 0. */
export function readJudgement(answer: string): ReadJudgement {
  const parsed = JudgeAnswer.safeParse(extractJson(answer));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { unreadable: issue ? `${issue.path.join('.') || 'answer'}: ${issue.message}` : 'no judgement' };
  }
  const sides = [parsed.data.agent_1, parsed.data.agent_2] as const;
  const pick = <V>(
    side: JudgeAnswer['agent_1'],
    value: (judged: { reasoning: string; score: number }) => V,
  ) => Object.fromEntries(DIMENSIONS.map((dimension) => [dimension, value(side[dimension])]));
  return {
    scores: [
      pick(sides[0], (judged) => judged.score) as Scores,
      pick(sides[1], (judged) => judged.score) as Scores,
    ],
    reasoning: [pick(sides[0], (judged) => judged.reasoning), pick(sides[1], (judged) => judged.reasoning)],
  };
}
