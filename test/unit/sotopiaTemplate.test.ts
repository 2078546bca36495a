import { viewOf } from '../../domain/episode/view';
import { sotopiaTemplate } from '../../domain/prompts/sotopia';
import type { Action, Turn } from '../../schemas/episode';
import { ada, ben, boatTask } from '../support/people';

const call = {
  model: 'm',
  snapshot: 'm',
  promptDigest: '0'.repeat(64),
  usage: { inputTokens: 0, outputTokens: 0 },
  calls: 1,
};
const GOLDEN_ACTIONS: Action[] = [
  { type: 'speak', argument: 'Would you give 90 for it?' },
  { type: 'non-verbal communication', argument: 'frowns' },
  { type: 'none', argument: '' },
  { type: 'action', argument: 'counts the money' },
  { type: 'leave', argument: '' },
];
const GOLDEN_TURNS: Turn[] = GOLDEN_ACTIONS.map((action, number) => ({
  number,
  speaker: number % 2 === 0 ? 0 : 1,
  action,
  call,
}));

const GOLDEN_LINES = [
  'Conversation Starts:',
  'Turn #0: Ada Marsh said: "Would you give 90 for it?"',
  'Turn #1: Ben Okoro [non-verbal communication] frowns',
  'Turn #2: Ada Marsh did nothing',
  'Turn #3: Ben Okoro [action] counts the money',
  'Turn #4: Ada Marsh left the conversation',
  'You are at Turn #5. Your available action types are: "none", "speak", "non-verbal communication", "action", "leave".',
];

const promptOf = (position: 0 | 1, turns: Turn[]) =>
  sotopiaTemplate.prompt(viewOf(boatTask, [ada, ben], position), turns)[0]?.content ?? '';

test('golden transcript: the conversation reads as in Sotopia v0.1.4', () => {
  expect(promptOf(1, GOLDEN_TURNS)).toContain(GOLDEN_LINES.join('\n'));
});

test('golden context: own goal, the other’s goal unknown, both names', () => {
  const lines = promptOf(1, []).split('\n');
  expect(lines).toContain('Scenario: Two people meet at a harbour.');
  expect(lines).toContain('Participants: Ada Marsh and Ben Okoro');
  expect(lines).toContain("Ada Marsh's goal: Unknown");
  expect(lines).toContain("Ben Okoro's goal: Buy the boat. Start low.");
  expect(lines[0]).toContain('Imagine you are Ben Okoro.');
});

test.each(GOLDEN_ACTIONS)('an action written as the training target reads back the same: %j', (action) => {
  expect(sotopiaTemplate.read(sotopiaTemplate.write(action))).toEqual({ action });
});

test('an answer in a code fence is read', () => {
  const answer = '```json\n{"action_type": "speak", "argument": "hi"}\n```';
  expect(sotopiaTemplate.read(answer)).toEqual({ action: { type: 'speak', argument: 'hi' } });
});

test.each([
  'I would rather talk.',
  '{"action_type": "shout", "argument": "x"}',
  '{"action_type": "speak", "argument": " "}',
  '{',
])('an answer that is no action is unreadable, never "did nothing": %s', (answer) => {
  expect(sotopiaTemplate.read(answer)).toHaveProperty('unreadable');
});

test('training examples: one a turn of the own side, none for doing nothing, each prompt the inference prompt byte for byte', () => {
  const view = viewOf(boatTask, [ada, ben], 0);
  const examples = sotopiaTemplate.examples(view, GOLDEN_TURNS);
  expect(examples.map((messages) => messages.at(-1)?.content)).toEqual([
    '{"action_type":"speak","argument":"Would you give 90 for it?"}',
    '{"action_type":"leave","argument":""}',
  ]);
  expect(examples.map((messages) => messages.slice(0, -1))).toEqual([
    sotopiaTemplate.prompt(view, []),
    sotopiaTemplate.prompt(view, GOLDEN_TURNS.slice(0, 4)),
  ]);
});
