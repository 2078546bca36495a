import type { Turn } from '../acts';
import type { ChatMessage } from '../chatRequest';
import { readCompactPrompt } from './compactPrompt';
import { readSotopiaPrompt } from './sotopiaPrompt';

export type TemplateName = 'compact-v1' | 'sotopia-v1';

/** What a dialogue model was shown; nothing else of the task exists for it. */
export interface DialoguePrompt {
  readonly template: TemplateName;
  /** Scenario and own goal. */
  readonly text: string;
  /** The own goal, as far as it can be told from the scenario. */
  readonly goal: string;
  readonly turns: readonly Turn[];
}

/** Reads a prompt of either template, or says by `undefined` that it is neither. */
export function readDialoguePrompt(messages: readonly ChatMessage[]): DialoguePrompt | undefined {
  return readSotopiaPrompt(messages) ?? readCompactPrompt(messages);
}
