import { author } from './author';
import type { Question } from './chatRequest';
import { converse } from './dialogue';
import { type Faults, FAULT_EXAMPLES, parseModelName, PROSE, REFUSAL } from './faults';
import { judge } from './judge';
import { expert } from './programs/expert';
import { partner } from './programs/partner';
import { poor } from './programs/poor';
import type { Program } from './programs/program';
import { seededRandom } from './random';

/** Names the rules by which all models answer; a change of any rule that changes answers gets a new month. */
const SNAPSHOT = '2026-11';
export const FINGERPRINT = `pi-loop-simulator-${SNAPSHOT}`;

const dialogue =
  (name: string, program: Program) =>
  (question: Question): string =>
    converse(name, program, question);

const MODELS: ReadonlyMap<string, (question: Question) => string> = new Map([
  ['simulated-expert', dialogue('simulated-expert', expert)],
  ['simulated-partner', dialogue('simulated-partner', partner)],
  ['simulated-poor', dialogue('simulated-poor', poor)],
  ['simulated-judge', judge],
  ['simulated-author', author],
]);

/** All names that the list of models shows: the models, and each with an example of each fault. */
export const MODEL_NAMES: readonly string[] = [...MODELS.keys()].flatMap((name) => [
  name,
  ...FAULT_EXAMPLES.map((fault) => `${name}+${fault}`),
]);

export interface SimulatedModel {
  /** The exact version that answers. */
  readonly snapshot: string;
  readonly faults: Faults;
  /** A pure function of model and question. */
  answer(question: Question): { content: string } | { refusal: string };
}

/** The model of that name, or nothing. */
export function modelNamed(model: string): SimulatedModel | undefined {
  const parsed = parseModelName(model);
  const answer = parsed && MODELS.get(parsed.name);
  if (!answer) return undefined;
  const { name, faults } = parsed;
  return {
    snapshot: `${name}-${SNAPSHOT}`,
    faults,
    answer(question) {
      if (faults.refusal) return { refusal: REFUSAL };
      if (faults.prose) return { content: PROSE };
      return { content: faults.empty ? '' : damaged(answer(question), model, question, faults) };
    },
  };
}

function damaged(content: string, model: string, question: Question, { malformedPercent }: Faults): string {
  if (malformedPercent === 0) return content;
  const { messages, seed, temperature } = question;
  const hit = seededRandom('malformed', model, messages, seed, temperature).chance(malformedPercent / 100);
  if (!hit) return content;
  return content.startsWith('{') ? content.slice(0, Math.floor(content.length / 2)) : '';
}
