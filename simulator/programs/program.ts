import type { Action, Offer, SpokenAct, Turn } from '../acts';
import { LEAVE, speak } from '../acts';
import type { Position } from '../games/game';
import { outcomeOf, type ReadTurn, readTurns } from '../outcome';
import type { Random } from '../random';

/** Everything a program may look at: its own position and what was said, nothing of the other side's. */
export interface Situation {
  readonly position: Position;
  readonly turns: readonly ReadTurn[];
  /** How often this side has had its turn. */
  readonly ownTurns: number;
  /** The other side's last offer. */
  readonly theirOffer: Offer | undefined;
  /** Whether the other side has just asked. */
  readonly asked: boolean;
  readonly random: Random;
}

/** Decides the next act of a side; leaving only ends what is settled, or is a whim. */
export type Program = (situation: Situation) => SpokenAct | 'leave';

/** Goals (0..10) to accept and to aim for, by own turn; the last goes on. */
export interface Levels {
  readonly accept: readonly number[];
  readonly offer: readonly number[];
}

export const levelAt = (levels: readonly number[], ownTurns: number): number =>
  levels[Math.min(ownTurns, levels.length - 1)] ?? 0;

/** The smallest goal for which any program agrees: nothing is not a deal. */
export const LEAST_GOAL = 0.5;

/** Plays one turn: leaves where all is said, else does what the program decides. */
export function play(program: Program, position: Position, turns: readonly Turn[], random: Random): Action {
  const read = readTurns(position, turns);
  const outcome = outcomeOf(read);
  if (outcome.agreed || outcome.left) return LEAVE;
  const situation = situationOf(position, read, random);
  const act = program(situation);
  return act === 'leave' ? LEAVE : speak(utterance(situation, act));
}

function situationOf(position: Position, turns: readonly ReadTurn[], random: Random): Situation {
  const theirs = turns.filter((turn) => !turn.own);
  const theirOffer = theirs.flatMap(({ act }) => (act?.kind === 'offer' ? [act.offer] : [])).at(-1);
  const asked = turns.at(-1)?.act?.kind === 'ask' && turns.at(-1)?.own === false;
  return { position, turns, ownTurns: turns.length - theirs.length, theirOffer, asked, random };
}

/** What the other side has shown it wants. */
export function heardWishes({ position, turns }: Situation): ReadonlySet<string> {
  const heard = new Set<string>();
  for (const { own, act } of turns) {
    if (own || !act) continue;
    const items =
      act.kind === 'tell' ? act.items : act.kind === 'offer' ? position.revealedBy(act.offer) : [];
    for (const item of items) heard.add(item);
  }
  return heard;
}

/** Among the offers that reach the aim (0..10, of the best there is): the kindest to the other side. */
export function offerAt(situation: Situation, aim: number, heard: ReadonlySet<string>): SpokenAct {
  const { position, random } = situation;
  const rated = position.offers.map((offer) => ({ offer, score: position.score(offer) }));
  const best = Math.max(...rated.map(({ score }) => score));
  const good = rated.filter(({ score }) => score >= (aim / 10) * best - 0.01);
  const fits = good.map((one) => ({ ...one, fit: position.fit(one.offer, heard) }));
  const kindest = Math.max(...fits.map(({ fit }) => fit));
  const kind = fits.filter(({ fit }) => fit === kindest);
  const modest = Math.min(...kind.map(({ score }) => score));
  return { kind: 'offer', offer: random.pick(kind.filter(({ score }) => score === modest)).offer };
}

const REACTIONS = ['no , ', 'hmm , ', 'not for me . ', 'i see . ', 'that is hard . '];
const ECHO_CHANCE = 0.6;
const REACTION_CHANCE = 0.3;

/** English for an act; after the other side has spoken, a short reaction may come first. */
function utterance({ position, turns, random }: Situation, act: SpokenAct): string {
  const last = turns.at(-1);
  const echo = last && random.chance(ECHO_CHANCE) ? echoOf(position, last) : '';
  const reaction =
    last && act.kind !== 'accept' && random.chance(REACTION_CHANCE) ? random.pick(REACTIONS) : '';
  return echo + reaction + position.say(act, random);
}

/** What the other side just said, repeated as a question: `45 ?`, `rivers and 20 ?`. */
function echoOf(position: Position, last: ReadTurn): string {
  if (last.own || !last.act) return '';
  const { act } = last;
  const words = act.kind === 'tell' ? act.items : act.kind === 'offer' ? position.echoOf(act.offer) : [];
  return words.length > 0 ? `${words.join(' and ')} ? ` : '';
}
