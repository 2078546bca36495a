import type { TemplateName, Turn } from '../../../schemas/episode';
import type { AgentProfile, SocialTask } from '../../../schemas/profiles';
import type { ChatMessage } from '../../../schemas/training';
import { viewOf } from '../../episode/view';
import { judgePrompt } from '../../prompts/judge';
import { templateNamed } from '../../prompts/templates';

/** Bytes of English text and JSON that make a token, on the average of the tokenisers in use. */
const BYTES_A_TOKEN = 4;
/** What a chat's form costs: tokens a message, and to begin the answer. */
const TOKENS_A_MESSAGE = 3;
const TOKENS_TO_ANSWER = 3;

export const tokensIn = (messages: readonly ChatMessage[]): number =>
  messages.reduce(
    (sum, { content }) => sum + content.length / BYTES_A_TOKEN + TOKENS_A_MESSAGE,
    TOKENS_TO_ANSWER,
  );

/** Tokens that one side's turns of an episode take, or its rating. */
export interface Tokens {
  input: number;
  output: number;
}

/** Bytes of the texts of an episode. */
export interface Texts {
  scenario: number;
  goal: number;
  speech: number;
}

/** Prompts as the templates write them, with characters and texts of typical length in the place of those to come. */
export class TypicalEpisode {
  private readonly task: SocialTask;
  private readonly argument: string;

  constructor({ scenario, goal, speech }: Texts) {
    this.argument = textOf(speech);
    this.task = {
      ...TASK,
      scenario: textOf(scenario),
      goals: [textOf(goal), textOf(goal)],
    };
  }

  /** Of all turns of one side: every second turn, the first or the second of a conversation as often. */
  side(template: TemplateName, turns: number): Tokens {
    const { prompt, write } = templateNamed(template);
    const answer = write(this.turn(0).action).length / BYTES_A_TOKEN;
    const input = between(turns, (whole) => {
      let sum = 0;
      for (let number = 0; number < whole; number += 1)
        sum += tokensIn(prompt(viewOf(this.task, AGENTS, (number % 2) as 0 | 1), this.turns(number)));
      return sum / 2;
    });
    return { input, output: (answer * turns) / 2 };
  }

  /** Training rows of a side that is kept, and the tokens in them. */
  taught(template: TemplateName, turns: number): { rows: number; tokens: number } {
    const { examples } = templateNamed(template);
    const taughtBy = (of: (rows: readonly ChatMessage[][]) => number) =>
      between(turns, (whole) => {
        const sides = ([0, 1] as const).map((side) =>
          examples(viewOf(this.task, AGENTS, side), this.turns(whole)),
        );
        return sides.reduce((sum, rows) => sum + of(rows), 0) / 2;
      });
    return {
      rows: taughtBy((rows) => rows.length),
      tokens: taughtBy((rows) => rows.reduce((sum, row) => sum + tokensIn(row), 0)),
    };
  }

  judgePrompt(turns: number): number {
    return between(turns, (whole) => tokensIn(judgePrompt(this.task, AGENTS, this.turns(whole))));
  }

  private turns(count: number): Turn[] {
    return Array.from({ length: count }, (_, number) => this.turn(number));
  }

  private turn(number: number): Turn {
    const call = {
      model: '',
      snapshot: '',
      promptDigest: '',
      usage: { inputTokens: 0, outputTokens: 0 },
      calls: 1,
    };
    return {
      number,
      speaker: (number % 2) as 0 | 1,
      action: { type: 'speak', argument: this.argument },
      call,
    };
  }
}

/** A function of whole numbers between them. */
function between(value: number, of: (whole: number) => number): number {
  const [below, above] = [Math.floor(value), Math.ceil(value)];
  const low = of(below);
  return below === above ? low : low + (value - below) * (of(above) - low);
}

const WORDS = 'a few words as people say them ';
const textOf = (bytes: number): string =>
  WORDS.repeat(Math.ceil(bytes / WORDS.length)).slice(0, Math.round(bytes));

/** As long as those of examples/profiles. */
const agent = (id: string): AgentProfile => ({
  id,
  firstName: 'Amina',
  lastName: 'Bakker',
  age: 34,
  occupation: 'Shop assistant',
  gender: 'Woman',
  pronouns: 'She/her',
  publicInfo: textOf(70),
  bigFive: '',
  moralValues: [],
  schwartzValues: [],
  personalityAndValues: textOf(65),
  decisionMakingStyle: '',
  secret: textOf(70),
  mbti: '',
  modelId: '',
  tag: '',
});

const AGENTS: [AgentProfile, AgentProfile] = [agent('a'), agent('b')];

/** Acquaintances: each sees the other's public side. */
const RELATIONSHIP = 2;

const TASK: Omit<SocialTask, 'scenario' | 'goals'> = {
  id: 'task',
  codename: 'task',
  source: '',
  relationship: RELATIONSHIP,
  constraints: { ages: null, occupations: null, agents: null },
  tags: [],
  split: '',
  provenance: { kind: 'imported', file: '', line: 1, digest: '' },
};
