import { type Action, LEAVE, type Turn } from './acts';
import type { ChatMessage } from './chatRequest';
import { GAMES, positionsOf } from './games';
import { inventConversation } from './games/conversation';
import type { GameTask } from './games/game';
import { poor } from './programs/poor';
import { play } from './programs/program';
import { type Random, seededRandom } from './random';
import { writeCompactAction } from './reading/compactPrompt';
import { isForAuthor } from './taskPools';

/** Share of dialogues about free wishes, so that a word-level model knows their phrases. */
const CONVERSATION_SHARE = 0.05;
/** Turns of both sides; the embedded demo's limit. */
const MOST_TURNS = 8;

/** One side's view of a dialogue: a row for language-model training. */
export interface CorpusRow {
  readonly id: string;
  readonly messages: readonly ChatMessage[];
}

/** Dialogues of two poor programs, each once per side; equal arguments give equal rows. */
export function* poorDialogues(episodes: number, seed: number): Generator<CorpusRow> {
  for (let number = 0; number < episodes; number++) {
    const random = seededRandom('poor-dialogues', seed, number);
    const task = inventForCorpus(random);
    const actions = playOut(task, random);
    yield rowOf(`poor-${seed}-${number}-0`, task, actions, 0);
    yield rowOf(`poor-${seed}-${number}-1`, task, actions, 1);
  }
}

function inventForCorpus(random: Random): GameTask {
  if (random.chance(CONVERSATION_SHARE)) return inventConversation(random);
  const game = random.pick(GAMES);
  for (;;) {
    const task = game.invent(random, '');
    if (!isForAuthor(task)) return task;
  }
}

function playOut(task: GameTask, random: Random): Action[] {
  const positions = positionsOf(task.scenario, task.goals);
  const actions: Action[] = [];
  while (actions.length < MOST_TURNS && actions.at(-1)?.type !== LEAVE.type) {
    const side = actions.length % 2 === 0 ? 0 : 1;
    const turns = actions.map((action, i): Turn => ({ own: i % 2 === side, action }));
    actions.push(play(poor, positions[side], turns, random));
  }
  return actions;
}

function rowOf(id: string, task: GameTask, actions: readonly Action[], side: 0 | 1): CorpusRow {
  const said = actions.map(
    (action, i): ChatMessage => ({
      role: i % 2 === side ? 'assistant' : 'user',
      content: writeCompactAction(action),
    }),
  );
  return { id, messages: [{ role: 'system', content: `${task.scenario} ${task.goals[side]}` }, ...said] };
}
