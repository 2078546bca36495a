import type { Question } from './chatRequest';
import { GAMES, gameNamed } from './games';
import type { Game, GameTask } from './games/game';
import type { Random } from './random';
import { seededRandom } from './random';
import { wordsOf } from './words';
import { isForAuthor } from './taskPools';

/** Share of profiles with a mistake, as real authors make them. */
export const MISTAKE_SHARE = 0.02;

/** Words of a keyword that suggest a game. */
const SUGGESTIONS: readonly (readonly [Game['name'], RegExp])[] = [
  ['haggle', /^(?:haggl|bargain|price|sell|buy|cheap|expensive)/],
  ['divide', /^(?:divid|shar|split|food)/],
  ['donate', /^(?:donat|charit|volunteer)/],
  ['meet', /^(?:meet|appointment|schedul|invit|visit)/],
];

/** Writes an environment profile about the prompt's `Keyword:` line. */
export function author({ messages, seed, temperature }: Question): string {
  const keyword =
    /^\s*Keyword:[ \t]*(.*)$/m.exec(messages.map(({ content }) => content).join('\n'))?.[1] ?? '';
  const random = seededRandom('author', keyword, messages.length, seed, temperature);
  const task = inventFor(gameFor(keyword, random), random, keyword);
  return writeProfile(task, random);
}

function gameFor(keyword: string, random: Random): Game {
  const words = wordsOf(keyword);
  const suggested = SUGGESTIONS.find(([, pattern]) => words.some((word) => pattern.test(word)));
  return (suggested && gameNamed(suggested[0])) ?? random.pick(GAMES);
}

/** Draws until a task comes that is kept for authors. */
export function inventFor(game: Game, random: Random, keyword: string): GameTask {
  for (;;) {
    const task = game.invent(random, keyword);
    if (isForAuthor(task)) return task;
  }
}

function writeProfile(task: GameTask, random: Random): string {
  const { codename, scenario } = task;
  const profile = {
    codename,
    scenario,
    agent_goals: [...task.goals],
    relationship: random.below(6),
    age_constraint: '[(18, 70), (18, 70)]',
    occupation_constraint: null,
    agent_constraint: null,
  };
  if (!random.chance(MISTAKE_SHARE)) return JSON.stringify(profile);
  return mistaken(profile, task.goals, random);
}

/** A third goal, twice the same goal, or JSON that is cut off. */
function mistaken(profile: object, goals: readonly [string, string], random: Random): string {
  const wrong = random.below(3);
  if (wrong === 0) return JSON.stringify({ ...profile, agent_goals: [...goals, goals[0]] });
  if (wrong === 1) return JSON.stringify({ ...profile, agent_goals: [goals[0], goals[0]] });
  return JSON.stringify(profile).slice(0, -20);
}
