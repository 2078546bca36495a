import { canonicalJson } from '../../artifacts/canonicalJson';
import type { BatchProgress } from '../../schemas/batch';
import { DIMENSIONS } from '../../schemas/scores';
import type { ChatAnswer, ChatRequest } from './chatServer';

/** A conversation of five turns. */
export const LINES = ['how about 60 ?', 'i can do 50 .', '55 then .', 'deal , i agree .', '[leave]'];
/** With its rating. */
export const CALLS_AN_EPISODE = LINES.length + 1;

const side = (goal: unknown) =>
  Object.fromEntries(
    DIMENSIONS.map((dimension) => [
      dimension,
      { reasoning: `on ${dimension}`, score: dimension === 'goal' ? goal : 0 },
    ]),
  );

/** A judge's answer: how far each side reached its goal, 0 elsewhere. */
export const judgement = (first: unknown, second: unknown): string =>
  JSON.stringify({ agent_1: side(first), agent_2: side(second) });

export const isForJudge = ({ model }: ChatRequest): boolean => model.endsWith('judge');

/** Which episode of the batch a question is about: its task is `boat-<number>`. */
export const episodeAsked = ({ messages }: ChatRequest): number =>
  Number(/over the boat-(\d+)/.exec(messages.map(({ content }) => content).join(' '))?.[1]);

/** How many turns there were when the next was asked for. */
export const turnAsked = ({ messages }: ChatRequest): number => messages.length - 1;

/** Says the lines in their order and judges them; the same question always gets the same answer. */
export const script = (request: ChatRequest): string =>
  isForJudge(request) ? judgement(9, 3) : (LINES[turnAsked(request)] ?? '[leave]');

/** Questions as text, sorted, to be compared. */
export const sortedQuestions = (asked: readonly ChatRequest[]): string[] =>
  asked.map((request) => canonicalJson(request)).sort();

/** Never answers some questions until it is told to; notes what it did answer. */
export class Hanging {
  readonly answered: ChatRequest[] = [];
  private released = false;

  constructor(
    private readonly hangs: (request: ChatRequest) => boolean,
    private readonly by: (request: ChatRequest) => string = script,
  ) {}

  readonly answer = (request: ChatRequest): ChatAnswer => {
    if (!this.released && this.hangs(request)) return { never: true };
    this.answered.push(request);
    return this.by(request);
  };

  /** Questions that hang go on hanging; new ones are answered. */
  release(): void {
    this.released = true;
  }
}

/** Holds up an answer until a test opens it. */
export class Gate {
  readonly opened: Promise<void>;
  open: () => void = () => undefined;

  constructor() {
    this.opened = new Promise((resolve) => {
      this.open = resolve;
    });
  }
}

export const isTurn =
  (turn: number) =>
  (request: ChatRequest): boolean =>
    !isForJudge(request) && turnAsked(request) === turn;

/** Of three episodes, 0 comes to its rating, 1 waits for the judge and 2 for its turn 3. */
export const hangsHalfway = (request: ChatRequest): boolean =>
  isForJudge(request) ? episodeAsked(request) === 1 : episodeAsked(request) === 2 && turnAsked(request) === 3;

/** What a batch tells that hangs so. */
export const isHalfway = ({ rated, played, open }: BatchProgress): boolean =>
  rated.length === 1 && played.length === 1 && open.some(({ turns }) => turns.length === 3);
