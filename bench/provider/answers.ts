/**
 * What the provider says: conversations of realistic length that nobody leaves, and ratings that can be read at once.
 * Every answer is made before the first call, so that a call costs the provider next to nothing.
 */

/** Who is asked, by the first part of the path; each speaks the form that its reader expects. */
export const ROLES = ['sotopia', 'compact', 'judge', 'peer-judge'] as const;
export type Role = (typeof ROLES)[number];

/** A hundred to a hundred and fifty bytes each, as agents speak in Sotopia's published episodes. */
const LINES = [
  'I have been thinking about what you said, and I would like to find something that works for the two of us this week.',
  'That sounds fair to me, although I would still like to know how you mean to share the costs if the weather turns bad.',
  'Let us be open about it: I can offer forty today and the rest in a month, provided that you bring the papers along.',
  'My sister told me the same thing last year, and we sorted it out by writing down who does what before we started.',
  'I understand why you are worried; it matters to me too that nobody feels left out when the others hear about this.',
  'Could we meet on Thursday evening instead, since I have to be at the workshop until six on every other weekday?',
  'Thank you for telling me. I did not expect that, and I will have to ask my neighbour before I can promise you more.',
  'If you take the first half of the shift I can do the second, and then we both see the children before they sleep.',
  'It is a lot to ask, I know, but you are the only one who has seen the place and can say what it really needs.',
  'All right, then let me repeat it so that we agree: you keep the boat until May and I pay for the new sail myself.',
] as const;

const DIMENSIONS = {
  believability: 8,
  relationship: 2,
  knowledge: 4,
  secret: 0,
  social_rules: 0,
  financial_and_material_benefits: 1,
  goal: 7,
} as const;

const REASONING =
  'The agent speaks in character throughout, answers what it is asked, and moves step by step towards what it wanted.';

const ours = () => mapDimensions((score) => ({ reasoning: REASONING, score }));
const theirs = () => mapDimensions((score) => [REASONING, score]);

function mapDimensions<V>(judge: (score: number) => V): Record<string, V> {
  return Object.fromEntries(
    Object.entries(DIMENSIONS).map(([dimension, score]) => [dimension, judge(score)]),
  );
}

const spoken = (write: (line: string) => string): readonly string[] => LINES.map(write);

const TEXTS: Record<Role, readonly string[]> = {
  sotopia: spoken((line) => JSON.stringify({ action_type: 'speak', argument: line })),
  compact: LINES,
  judge: [JSON.stringify({ agent_1: ours(), agent_2: ours() })],
  'peer-judge': [JSON.stringify({ evaluations: { agent_1: theirs(), agent_2: theirs() } })],
};

/** Whole response bodies of a role, to be given in turn. */
export function answersOf(role: Role): readonly Buffer[] {
  return TEXTS[role].map((text) => Buffer.from(JSON.stringify(completion(text))));
}

const completion = (content: string) => ({
  id: 'chatcmpl-bench',
  object: 'chat.completion',
  created: 1_700_000_000,
  model: 'fixed-latency',
  choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop', logprobs: null }],
  usage: { prompt_tokens: 1_500, completion_tokens: 30, total_tokens: 1_530 },
});
