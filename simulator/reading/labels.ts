import { type Action, LEAVE, speak } from '../acts';

/** The text behind a label such as `Scenario:`, up to the next label. */
export interface LabelledTexts {
  readonly scenario: string;
  /** By speaker, in the order they appear. */
  readonly goals: ReadonlyMap<string, string>;
  readonly backgrounds: ReadonlyMap<string, string>;
}

const LABEL = /^\s*(?:(Scenario|Participants|Conversation Starts):|(.+?)'s (goal|background):)[ \t]*(.*)$/;

/** Reads the labels of a prompt's head: `Scenario:`, `NAME's background:`, `NAME's goal:`. */
export function readLabels(head: string): LabelledTexts {
  const texts = { scenario: '', goals: new Map<string, string>(), backgrounds: new Map<string, string>() };
  let append: (text: string) => void = () => undefined;
  for (const line of head.split('\n')) {
    const [matched, section, name, kind, rest = ''] = LABEL.exec(line) ?? [];
    if (matched === undefined) append(`\n${line}`);
    else {
      append = appender(texts, section, name, kind);
      append(rest);
    }
  }
  return {
    scenario: texts.scenario.trim(),
    goals: trimmed(texts.goals),
    backgrounds: trimmed(texts.backgrounds),
  };
}

const trimmed = (texts: ReadonlyMap<string, string>): Map<string, string> =>
  new Map([...texts].map(([name, text]) => [name, text.trim()]));

function appender(
  texts: { scenario: string; goals: Map<string, string>; backgrounds: Map<string, string> },
  section?: string,
  name?: string,
  kind?: string,
): (text: string) => void {
  if (section === 'Scenario') return (text) => (texts.scenario += text);
  if (name === undefined) return () => undefined;
  const map = kind === 'goal' ? texts.goals : texts.backgrounds;
  return (text) => map.set(name, (map.get(name) ?? '') + text);
}

/** One line of a conversation and who it is of. */
export interface TranscriptLine {
  readonly name: string;
  readonly action: Action;
}

const TURN = /^\s*Turn #\d+:[ \t]*/;
const END = /^\s*(?:You are at Turn #\d+|Conversation Ends)/;

/** Reads `Turn #n: NAME said: "…"` and the like, up to `You are at Turn` or `Conversation Ends`. */
export function readTranscript(text: string, names: readonly string[]): TranscriptLine[] {
  const entries: string[] = [];
  for (const line of text.split('\n')) {
    if (END.test(line)) break;
    if (TURN.test(line)) entries.push(line.replace(TURN, ''));
    else if (entries.length > 0) entries[entries.length - 1] += `\n${line}`;
  }
  return entries.flatMap((entry) => {
    const name = names.find((candidate) => entry.startsWith(`${candidate} `));
    return name === undefined ? [] : [{ name, action: readPerceived(entry.slice(name.length + 1).trim()) }];
  });
}

const SAID = /^said:\s*"?([\s\S]*?)"?$/;
const TAGGED = /^\[(action|non-verbal communication)\]\s*([\s\S]*)$/;

/** An action in the words in which others perceive it. */
function readPerceived(text: string): Action {
  if (text === 'left the conversation') return LEAVE;
  const said = SAID.exec(text)?.[1];
  if (said !== undefined) return speak(said);
  const [, type, argument = ''] = TAGGED.exec(text) ?? [];
  if (type === 'action' || type === 'non-verbal communication') return { type, argument };
  return { type: 'none', argument: '' };
}

const START = /^\s*Conversation Starts:/m;

/** Splits a prompt into what stands before `Conversation Starts:` and the conversation. */
export function splitAtConversation(prompt: string): { head: string; conversation: string } {
  const start = START.exec(prompt);
  if (start) {
    return { head: prompt.slice(0, start.index), conversation: prompt.slice(start.index + start[0].length) };
  }
  const turn = /^\s*Turn #\d+:/m.exec(prompt)?.index ?? prompt.length;
  return { head: prompt.slice(0, turn), conversation: prompt.slice(turn) };
}
