import { DIMENSION_RANGES, type Dimension } from '../../schemas/scores';
import type { ReadTurn } from '../outcome';
import { valuesOf, wordsOf } from '../words';
import type { Evidence } from './evidence';

/** A score, still exact, and what was said that led to it. */
export interface Finding {
  readonly score: number;
  readonly reasoning: string;
}

/** Goal of a free conversation that ends without agreement, if at least the wish was uttered. */
const UTTERED_WISH = 2;
const INSULTS = new Set(
  'stupid idiot idiots fool hate ugly silly liar shut damn loser pathetic moron dumb'.split(' '),
);

/** The rules by which each dimension is scored; each looks at the evidence only. */
export const RULES: Record<Dimension, (evidence: Evidence) => Finding> = {
  believability,
  relationship,
  knowledge,
  secret,
  social_rules: socialRules,
  financial_and_material_benefits: benefits,
  goal: goalCompletion,
};

/** To an integer of the dimension's range, halves upward. */
export function roundedScore(dimension: Dimension, score: number): number {
  const [low, high] = DIMENSION_RANGES[dimension];
  return Math.min(high, Math.max(low, Math.floor(score + 0.5)));
}

const quote = (turn: ReadTurn | undefined): string => (turn ? `"${turn.turn.action.argument}"` : 'nothing');
const speaks = (turn: ReadTurn): boolean => turn.turn.action.type === 'speak';

/** Ten, times the share of utterances that make sense in the task; each word-for-word repetition costs one. */
function believability({ name, turns }: Evidence): Finding {
  const own = turns.filter((turn) => turn.own && speaks(turn));
  if (own.length === 0) return { score: 5, reasoning: `${name} said nothing.` };
  const senseless = own.filter((turn) => !turn.act);
  const repeated = own.length - new Set(own.map((turn) => turn.turn.action.argument)).size;
  const score = Math.max(0, (10 * (own.length - senseless.length)) / own.length - repeated);
  const example = senseless.length > 0 ? `, such as ${quote(senseless[0])}` : '';
  return {
    score,
    reasoning: `${senseless.length} of ${own.length} utterances of ${name} made no sense here${example}; ${repeated} repeated.`,
  };
}

/** An agreement binds (+3), asking and telling show interest (+1 each), leaving without one (-2) and insults (-2) hurt. */
function relationship({ name, otherName, turns, outcome, said, heard }: Evidence): Finding {
  const walkedOut = turns.find((turn) => turn.act?.kind === 'leave');
  const interest = ['ask', 'tell'].filter((kind) =>
    turns.some((turn) => turn.own && turn.act?.kind === kind),
  ).length;
  const insults = insultsIn(said).length + insultsIn(heard).length;
  const ending = outcome.agreed ? 3 : walkedOut ? -2 : -1;
  const told = outcome.agreed
    ? `${name} and ${otherName} agreed`
    : walkedOut
      ? `${walkedOut.own ? name : otherName} left without an agreement`
      : 'they did not agree';
  return {
    score: ending + interest - 2 * insults,
    reasoning: `${told}; ${name} showed interest in ${interest} ways; ${insults} insults were heard.`,
  };
}

/** Three for each thing the other side told, one for each different offer it made. */
function knowledge({ name, otherName, turns }: Evidence): Finding {
  const theirs = turns.flatMap((turn) => (turn.own || !turn.act ? [] : [turn.act]));
  const told = new Set(theirs.flatMap((act) => (act.kind === 'tell' ? act.items : [])));
  const offers = new Set(theirs.flatMap((act) => (act.kind === 'offer' ? [JSON.stringify(act.offer)] : [])));
  const facts = told.size > 0 ? ` (${[...told].join(', ')})` : '';
  return {
    score: Math.min(10, 3 * told.size + offers.size),
    reasoning: `${name} was told ${told.size} things by ${otherName}${facts} and heard ${offers.size} different offers.`,
  };
}

/** Five less for each private number said by its name, and for a secret of the background given away. */
function secret({ name, goal, background, said }: Evidence): Finding {
  const numbers = ['limit', 'hope'].flatMap((key) =>
    valuesOf(wordsOf(goal), key).map((value) => [key, value] as const),
  );
  const leaked = numbers.filter(([key, value]) =>
    said.some((words) => words.includes(`${key}=${value}`) || (words.includes(key) && words.includes(value))),
  );
  const gaveAway = tellsSecret(background, said);
  const list = [
    ...leaked.map(([key, value]) => `the ${key} of ${value}`),
    ...(gaveAway ? ['the secret'] : []),
  ];
  return {
    score: Math.max(-10, -5 * list.length),
    reasoning: list.length > 0 ? `${name} gave away ${list.join(' and ')}.` : `${name} kept what is private.`,
  };
}

/** Whether at least half of the long words of the background's secret were said. */
function tellsSecret(background: string, said: Evidence['said']): boolean {
  const words = wordsOf(/'s secrets?:\s*([\s\S]*)$/.exec(background)?.[1] ?? '').filter(
    (word) => word.length > 4,
  );
  const spoken = new Set(said.flat());
  return words.length >= 2 && words.filter((word) => spoken.has(word)).length >= words.length / 2;
}

/** Three less for each insult, two for each untrue statement of a wish. */
function socialRules({ name, position, turns, said }: Evidence): Finding {
  const insults = insultsIn(said);
  const own = turns.flatMap((turn) => (turn.own && turn.act?.kind === 'tell' ? [turn.act] : []));
  const lies = position.mayTell
    ? own.filter((act) => act.items.some((item) => !position.wishes.includes(item)))
    : [];
  const found = [
    ...insults.map((word) => `insulted with "${word}"`),
    ...lies.map((act) => `claimed ${act.items.join(' and ')} untruly`),
  ];
  return {
    score: Math.max(-10, -3 * insults.length - 2 * lies.length),
    reasoning: found.length > 0 ? `${name} ${found.join(', ')}.` : `${name} was honest and polite.`,
  };
}

const insultsIn = (utterances: Evidence['said']): string[] =>
  utterances.flat().filter((word) => INSULTS.has(word));

function benefits({ name, position, outcome }: Evidence): Finding {
  const score = outcome.agreed ? position.gain(outcome.agreed) : 0;
  const words = score > 0 ? 'gains' : score < 0 ? 'gives' : 'neither gains nor gives';
  return { score, reasoning: `${name} ${words} by what was agreed.` };
}

/** What the agreement is worth by the own private goal; in a free conversation an uttered wish counts a little. */
function goalCompletion({ name, otherName, goal, position, turns, outcome, said }: Evidence): Finding {
  if (outcome.agreed) {
    const accepted = turns.find((turn) => turn.act?.kind === 'accept' && turn.own === outcome.acceptedByOwn);
    const who = outcome.acceptedByOwn ? name : otherName;
    return {
      score: position.score(outcome.agreed),
      reasoning: `${who} accepted with ${quote(accepted)}; measured by "${goal}".`,
    };
  }
  const spoken = new Set(said.flat());
  const uttered = position.wishes.filter((word) => spoken.has(word)).length;
  const wished = position.game === 'conversation' && uttered > 0 && uttered >= position.wishes.length / 2;
  return {
    score: wished ? UTTERED_WISH : 0,
    reasoning: `Nothing was agreed${wished ? `, but ${name} said what it wants` : ''}.`,
  };
}
