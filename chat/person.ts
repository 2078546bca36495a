import type { Completion } from '../activities/models/chatCompletion';
import { templateNamed } from '../domain/prompts/templates';
import type { Action, Player, Turn } from '../schemas/episode';
import { ModelSpec } from '../schemas/model';

export interface Person {
  /** All turns so far. */
  hear(turns: readonly Turn[]): void;
  /** Errors: the reason why the conversation is broken off. */
  act(): Promise<Action>;
}

const NAME = 'person';
const TEMPLATE = 'sotopia-v1';

/** A person takes part as a model whose answers are typed: rules, turns and records are those of any other player. */
export const PERSON = {
  kind: 'model',
  model: ModelSpec.parse({ baseUrl: 'http://person.invalid', model: NAME }),
  template: TEMPLATE,
} as const satisfies Player;

/** What a person did, as a model would have answered it. */
export const answerOf = (action: Action): Completion => ({
  text: templateNamed(TEMPLATE).write(action),
  snapshot: NAME,
  usage: { inputTokens: 0, outputTokens: 0 },
  fingerprint: undefined,
  refused: false,
  truncated: false,
});

/** A line that a person typed: an action, a wish for help, nothing at all, or why it is not understood. */
export type TypedLine = { action: Action } | { help: true } | { empty: true } | { unknown: string };

export const COMMANDS_HELP = [
  'What you type is said. Other things to do:',
  '  /act TEXT      do something',
  '  /gesture TEXT  say something without words',
  '  /silent        do nothing this turn',
  '  /leave         leave the conversation, which ends it',
  '  /help          this list',
].join('\n');

const WITH_TEXT: ReadonlyMap<string, Action['type']> = new Map([
  ['/act', 'action'],
  ['/gesture', 'non-verbal communication'],
]);
const BARE: ReadonlyMap<string, Action['type']> = new Map([
  ['/silent', 'none'],
  ['/leave', 'leave'],
]);

export function readTypedLine(line: string): TypedLine {
  const text = line.trim();
  if (text === '') return { empty: true };
  if (!text.startsWith('/')) return { action: { type: 'speak', argument: text } };
  const [command = '', argument = ''] = text.split(/\s+(.*)/s, 2);
  if (command === '/help') return { help: true };
  const bare = BARE.get(command);
  if (bare) return { action: { type: bare, argument: '' } };
  const type = WITH_TEXT.get(command);
  if (!type) return { unknown: `There is no ${command}; /help lists what there is.` };
  return argument === '' ? { unknown: `${command} wants a text.` } : { action: { type, argument } };
}
