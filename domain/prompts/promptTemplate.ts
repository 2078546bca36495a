import type { Action, Turn } from '../../schemas/episode';
import type { ChatMessage } from '../../schemas/training';
import type { AgentView } from '../episode/view';

/** Reading an answer either gives an action or says why not. */
export type ReadAction = { action: Action } | { unreadable: string };

/**
 * How an agent is addressed and how its answers are written and read. The same template renders the prompt at
 * inference and the rows at training, so that both show the model the same bytes.
 */
export interface PromptTemplate {
  /** The prompt for the next turn of the view's side. */
  prompt(view: AgentView, turns: readonly Turn[]): ChatMessage[];
  /** The answer that expresses an action: the target of training. */
  write(action: Action): string;
  read(answer: string): ReadAction;
  /** The one further call after an unreadable answer; empty messages, which APIs refuse, are left out. */
  repair(prompt: ChatMessage[], answer: string, reason: string): ChatMessage[];
  /** Training examples from one side of a finished episode. Each ends with an assistant message. */
  examples(view: AgentView, turns: readonly Turn[]): ChatMessage[][];
}
