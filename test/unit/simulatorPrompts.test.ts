import fc from 'fast-check';
import { compactTemplate } from '../../domain/prompts/compact';
import { sotopiaTemplate } from '../../domain/prompts/sotopia';
import type { PromptTemplate } from '../../domain/prompts/promptTemplate';
import type { AgentView } from '../../domain/episode/view';
import type { Action, Turn } from '../../schemas/episode';
import { GAMES } from '../../simulator/games';
import type { GameTask } from '../../simulator/games/game';
import { modelNamed } from '../../simulator/models';
import { seededRandom } from '../../simulator/random';
import { readDialoguePrompt } from '../../simulator/reading/dialoguePrompt';

const NAMES: [string, string] = ['Ava Lee', 'Ava Lee-Cho'];

const viewOf = (task: GameTask, position: 0 | 1): AgentView => ({
  position,
  names: NAMES,
  scenario: task.scenario,
  goal: task.goals[position],
  backgrounds: ["Ava Lee is a 33-year-old woman. Ava's secrets: she owes money.", ''],
});

const CALL: Turn['call'] = {
  model: 'test',
  snapshot: 'test',
  promptDigest: 'a'.repeat(64),
  usage: { inputTokens: 0, outputTokens: 0 },
  calls: 1,
};
const turnsOf = (actions: readonly Action[]): Turn[] =>
  actions.map((action, number) => ({ number, speaker: number % 2 === 0 ? 0 : 1, action, call: CALL }));

function nextAction(
  model: string,
  template: PromptTemplate,
  view: AgentView,
  turns: Turn[],
  seed: number,
): Action {
  const answer = modelNamed(model)?.answer({ messages: template.prompt(view, turns), seed, temperature: 1 });
  if (!answer || !('content' in answer)) throw new Error(`${model} gave no answer`);
  const read = template.read(answer.content);
  if ('unreadable' in read) throw new Error(`${read.unreadable}: ${answer.content}`);
  return read.action;
}

describe('the dialogue models', () => {
  test('do the same in both templates, through a whole episode', () => {
    const games = fc.constantFrom(...GAMES);
    const models = fc.constantFrom('simulated-expert', 'simulated-partner', 'simulated-poor');
    fc.assert(
      fc.property(games, models, fc.nat(), (game, model, seed) => {
        const task = game.invent(seededRandom('test', seed), '');
        const actions: Action[] = [];
        while (actions.length < 8 && actions.at(-1)?.type !== 'leave') {
          const view = viewOf(task, actions.length % 2 === 0 ? 0 : 1);
          const turns = turnsOf(actions);
          const compact = nextAction(model, compactTemplate, view, turns, seed);
          expect(nextAction(model, sotopiaTemplate, view, turns, seed)).toEqual(compact);
          actions.push(compact);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('read each kind of action, silence and several lines, in both templates', () => {
    const task = {
      codename: '',
      scenario: 'a talk',
      goals: ['you want to rest', 'you want to walk'],
    } as const;
    const actions: Action[] = [
      { type: 'speak', argument: 'one "quoted" word .\nand a second line .' },
      { type: 'none', argument: '' },
      { type: 'action', argument: 'opens the door' },
      { type: 'non-verbal communication', argument: 'smiles' },
      { type: 'leave', argument: '' },
    ];
    const view = viewOf({ ...task, goals: [...task.goals] }, 1);
    const read = readDialoguePrompt(sotopiaTemplate.prompt(view, turnsOf(actions)));
    // A turn stands on one line, so that no text can look like a turn of somebody else.
    const oneLine = ({ type, argument }: Action): Action => ({
      type,
      argument: argument.replace(/\s+/g, ' '),
    });
    expect(read?.turns).toEqual(actions.map((action, i) => ({ own: i % 2 === 1, action: oneLine(action) })));
    expect(read?.text).toBe('a talk you want to walk');
    const compact = readDialoguePrompt(compactTemplate.prompt(view, turnsOf(actions)));
    expect(compact?.turns.map(({ own, action }) => [own, action.type])).toEqual(
      actions.map(({ type }, i) => [i % 2 === 1, type]),
    );
  });

  test('know only what the prompt shows: the other goal changes nothing', () => {
    const one = {
      codename: '',
      scenario: 'haggle over the bike',
      goals: ['sell limit=40 hope=60', 'buy limit=75 hope=50'],
    } as const;
    const other = { ...one, goals: ['sell limit=40 hope=60', 'buy limit=90 hope=45'] } as const;
    const ask = (task: typeof one | typeof other) =>
      nextAction('simulated-expert', sotopiaTemplate, viewOf({ ...task, goals: [...task.goals] }, 0), [], 3);
    expect(ask(one)).toEqual(ask(other));
  });

  test('answer a repair call with the same act, now in the right form', () => {
    const task = GAMES[0]?.invent(seededRandom(1), '');
    if (!task) throw new Error('there are games');
    const prompt = sotopiaTemplate.prompt(viewOf(task, 0), []);
    const repair = sotopiaTemplate.repair(prompt, 'Well …', 'not JSON');
    const answer = (messages: typeof prompt) =>
      modelNamed('simulated-partner')?.answer({ messages, seed: 1, temperature: 1 });
    expect(answer(repair)).toEqual(answer(prompt));
  });

  test('talk about tasks that are no game: state the wish of their goal, and come to an end', () => {
    const task: GameTask = {
      codename: 'film',
      scenario: 'Two friends decide on a film.',
      goals: [
        'To watch a comedy with your friend (Hint: offer snacks)',
        'To watch a thriller with your friend',
      ],
    };
    const actions: Action[] = [];
    while (actions.length < 20 && actions.at(-1)?.type !== 'leave') {
      const view = viewOf(task, actions.length % 2 === 0 ? 0 : 1);
      actions.push(nextAction('simulated-expert', sotopiaTemplate, view, turnsOf(actions), 5));
    }
    const said = actions.map(({ argument }) => argument).join(' ');
    expect(said).toMatch(/watch a (comedy|thriller) with my friend/);
    expect(said).not.toContain('snacks');
    expect(actions.at(-1)?.type).toBe('leave');
  });
});
