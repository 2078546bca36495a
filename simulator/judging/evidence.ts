import type { Turn } from '../acts';
import { positionsOf } from '../games';
import type { Position } from '../games/game';
import { type Outcome, outcomeOf, type ReadTurn, readTurns } from '../outcome';
import type { JudgePrompt } from '../reading/judgePrompt';
import { wordsOf } from '../words';

/** All that a rating of one side may rest on: both private goals, and what was said. */
export interface Evidence {
  readonly name: string;
  readonly otherName: string;
  readonly goal: string;
  readonly background: string;
  readonly position: Position;
  /** The conversation as this side understands it. */
  readonly turns: readonly ReadTurn[];
  readonly outcome: Outcome;
  /** The words of each of this side's utterances. */
  readonly said: readonly (readonly string[])[];
  /** The words of each of the other side's utterances. */
  readonly heard: readonly (readonly string[])[];
}

export function evidenceOf(prompt: JudgePrompt): [Evidence, Evidence] {
  const positions = positionsOf(prompt.scenario, prompt.goals);
  return [sideOf(prompt, positions, 0), sideOf(prompt, positions, 1)];
}

function sideOf(prompt: JudgePrompt, positions: readonly [Position, Position], side: 0 | 1): Evidence {
  const name = prompt.names[side];
  const turns = prompt.transcript.map((line): Turn => ({ own: line.name === name, action: line.action }));
  const spoken = turns.filter(({ action }) => action.type === 'speak');
  const wordsBy = (own: boolean) =>
    spoken.filter((turn) => turn.own === own).map(({ action }) => wordsOf(action.argument));
  const read = readTurns(positions[side], turns);
  return {
    name,
    otherName: prompt.names[side === 0 ? 1 : 0],
    goal: prompt.goals[side],
    background: prompt.backgrounds[side],
    position: positions[side],
    turns: read,
    outcome: outcomeOf(read),
    said: wordsBy(true),
    heard: wordsBy(false),
  };
}
