import { createHash } from 'node:crypto';
import type { ChatMessage } from '../../simulator/chatRequest';
import { poorDialogues } from '../../simulator/corpus';
import { FINGERPRINT, modelNamed } from '../../simulator/models';

const SEEDS = Array.from({ length: 50 }, (_, seed) => seed);
const user = (content: string): ChatMessage[] => [{ role: 'user', content }];

const PROMPTS: Record<string, ChatMessage[]> = {
  'simulated-expert': [{ role: 'system', content: 'haggle over the bike sell limit=40 hope=60' }],
  'simulated-partner': [
    { role: 'system', content: 'meet for lunch free first=monday second=friday third=sunday' },
    { role: 'user', content: 'how about tuesday ?' },
  ],
  'simulated-poor': [{ role: 'system', content: 'donate at a fair give care=trees limit=50' }],
  'simulated-author': user('Keyword: a walk'),
  'simulated-judge': user(
    "Scenario: haggle over the bike\nAva's goal: sell limit=40 hope=60\nBen's goal: buy limit=75 hope=50\n" +
      'Conversation Starts:\nTurn #0: Ava said: "how about 55 dollars ?"\nTurn #1: Ben said: "deal , i agree ."',
  ),
};

test('the answers of a snapshot never change: whoever changes a rule names a new one, in models.ts and here', () => {
  const hash = createHash('sha256');
  for (const row of poorDialogues(200, 1)) hash.update(JSON.stringify(row));
  for (const [name, messages] of Object.entries(PROMPTS)) {
    for (const seed of SEEDS)
      hash.update(JSON.stringify(modelNamed(name)?.answer({ messages, seed, temperature: 1 })));
  }
  const answers = hash.digest('hex').slice(0, 16);
  expect({ snapshot: FINGERPRINT, answers }).toEqual({
    snapshot: 'pi-loop-simulator-2026-11',
    answers: 'e224d730d93c2e75',
  });
});
