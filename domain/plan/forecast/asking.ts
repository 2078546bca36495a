import type { EpisodeRules, TemplateName } from '../../../schemas/episode';
import type { Role } from '../../../schemas/ledger';
import type { ModelSpec } from '../../../schemas/model';
import type { ParametersOf, StagePlayer } from '../../../schemas/plan';
import { authorPrompt } from '../../tasks/authorPrompt';
import { type Conduct, MODELS, PROGRAMS } from './conduct';
import { exactly, productOf, type Range, range } from './range';
import { tokensIn, type Tokens, TypicalEpisode } from './typicalEpisode';

/** What is asked of one model, or of the campaign's own policy. */
export interface Asking {
  role: Role | 'policy';
  /** Null for a policy. */
  model: ModelSpec | null;
  calls: Range;
  inputTokens: Range;
  outputTokens: Range;
}

/** A side of a conversation. */
interface Side {
  role: Role | 'policy';
  model: ModelSpec | null;
  template: TemplateName;
}

export const sideOf = (player: StagePlayer, role: Role): Side =>
  player.kind === 'model'
    ? { role, model: player.model, template: player.template }
    : { role: 'policy', model: null, template: player.template };

interface Play {
  episodes: number;
  rules: EpisodeRules;
  sides: readonly [Side, Side];
  judge: ModelSpec;
}

/** Playing and rating episodes: a call a turn, and one for the rating. */
export function askForEpisodes({ episodes, rules, sides, judge }: Play): Asking[] {
  const conduct = conductOf([judge, ...sides.map(({ model }) => model)]);
  const turns = conduct.turns(rules.maxTurns);
  const typical = typicalEpisodes(conduct);
  const played = sides.map(({ role, model, template }) =>
    asking({ role, model }, episodes, {
      calls: range((level) => turns[level] / 2),
      tokens: (level) => typical[level].side(template, turns[level]),
      repairs: conduct.repairs,
    }),
  );
  const judged = asking({ role: 'judge', model: judge }, episodes, {
    calls: exactly(1),
    tokens: (level) => ({
      input: typical[level].judgePrompt(turns[level]),
      output: conduct.judgement[level],
    }),
    repairs: conduct.repairs,
  });
  return [...played, judged];
}

/** A policy conducts itself as those that it has learned from. */
export const conductOf = (models: readonly (ModelSpec | null)[]): Conduct =>
  models.some((model) => model?.simulated) ? PROGRAMS : MODELS;

export const typicalEpisodes = ({ scenario, goal, speech }: Conduct): Record<keyof Range, TypicalEpisode> => {
  const at = (level: keyof Range) =>
    new TypicalEpisode({ scenario: scenario[level], goal: goal[level], speech: speech[level] });
  return { low: at('low'), expected: at('expected'), high: at('high') };
};

/** Having tasks written. */
export function askForTasks({ splits, generate }: ParametersOf<'prepareTasks'>): Asking[] {
  if (!generate) return [];
  const conduct = conductOf([generate.author]);
  const tasks = splits.reduce((sum, split) => sum + split.tasks, 0);
  const prompt = tokensIn(authorPrompt(EXAMPLE, 'a sentence that says what the task may be about'));
  return [
    asking({ role: 'author', model: generate.author }, tasks, {
      calls: exactly(1),
      tokens: (level) => ({ input: prompt, output: conduct.task[level] }),
      repairs: conduct.attempts,
    }),
  ];
}

interface Each {
  calls: Range;
  tokens: (level: keyof Range) => Tokens;
  /** Calls until an answer is taken. */
  repairs: Range;
}

function asking(
  who: Pick<Asking, 'role' | 'model'>,
  count: number,
  { calls, tokens, repairs }: Each,
): Asking {
  const all = productOf(exactly(count), repairs);
  return {
    ...who,
    calls: productOf(calls, all),
    inputTokens: productOf(
      range((level) => tokens(level).input),
      all,
    ),
    outputTokens: productOf(
      range((level) => tokens(level).output),
      all,
    ),
  };
}

const EXAMPLE: Parameters<typeof authorPrompt>[0] = {
  id: 'example',
  codename: 'share_the_garden',
  source: '',
  scenario: 'two neighbours share a garden',
  goals: ['grow more vegetables this year', 'keep the lawn for the children'],
  relationship: 0,
  constraints: {
    ages: [
      [18, 70],
      [18, 70],
    ],
    occupations: null,
    agents: null,
  },
  tags: [],
  provenance: { kind: 'imported', file: '', line: 1, digest: '' },
};
