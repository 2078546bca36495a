import type { Question } from './chatRequest';
import { positionOf } from './games';
import { play, type Program } from './programs/program';
import { seededRandom } from './random';
import { readDialoguePrompt } from './reading/dialoguePrompt';
import { writeCompactAction } from './reading/compactPrompt';
import { writeSotopiaAction } from './reading/sotopiaPrompt';
import { wordsOf } from './words';

/**
 * Plays the next turn of what the prompt shows. The choice is seeded by the words shown, not by the template, so
 * that the same conversation leads to the same act in both templates.
 */
export function converse(model: string, program: Program, { messages, seed, temperature }: Question): string {
  const prompt = readDialoguePrompt(messages);
  if (!prompt) return 'i do not understand what you ask me .';
  const position = positionOf(prompt.text, prompt.goal);
  const shown = [
    wordsOf(prompt.text),
    prompt.turns.map(({ own, action }) => [own, action.type, wordsOf(action.argument)]),
  ];
  const action = play(program, position, prompt.turns, seededRandom(model, shown, seed, temperature));
  return prompt.template === 'sotopia-v1' ? writeSotopiaAction(action) : writeCompactAction(action);
}
