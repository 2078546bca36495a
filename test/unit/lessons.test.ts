import { filterEpisodes } from '../../domain/filter';
import { lessonsOf, rowsOfLesson } from '../../domain/training/lessons';
import { type Decision, FilterPolicy } from '../../schemas/filter';
import { DialogueRow } from '../../schemas/training';

/** Decisions on both sides of a task's episodes by the goals of position 0; position 1 always has 5. */
function decisions(goals: readonly (number | null)[], policy: object, task = 'boat'): Decision[] {
  const sides = goals.flatMap((goal, index) =>
    ([0, 1] as const).map((position) => ({
      episode: `${task}-${index}`,
      task,
      position,
      goal: goal === null ? null : position === 0 ? goal : 5,
      overall: goal === null ? null : 1,
    })),
  );
  return filterEpisodes(sides, FilterPolicy.parse(policy), 1);
}
const TOP_TWO = { policy: 'paper-sr', share: 0.4 };
const GOALS = [3, 9, 1, 7, 5];

const first = (all: Decision[]) => all.filter(({ position }) => position === 0);
const row = (id: string): DialogueRow => ({
  id,
  episode: 'boat-1',
  position: 0,
  messages: [
    { role: 'user', content: 'hello' },
    { role: 'assistant', content: id },
  ],
});

describe('lessons for plain fine-tuning', () => {
  it('are the sides that the filter keeps, in its order, with nothing added', () => {
    const decided = decisions(GOALS, TOP_TWO);
    expect(lessonsOf(decided, undefined)).toEqual(
      decided.filter(({ keep }) => keep).map((side) => ({ side })),
    );
    expect(rowsOfLesson({}, [row('a'), row('b')], null)).toEqual([row('a'), row('b')]);
  });
});

describe('weighted lessons', () => {
  const form = { form: 'weighted', temperature: 2 } as const;

  it('count e times as much for each temperature by which the goal is above the mean of task and position', () => {
    const weights = lessonsOf(first(decisions(GOALS, TOP_TWO)), form).map(({ side, weight }) => [
      side.goal,
      weight,
    ]);
    expect(weights).toEqual([
      [9, Number(Math.exp((9 - 5) / 2).toPrecision(6))],
      [7, Number(Math.exp((7 - 5) / 2).toPrecision(6))],
    ]);
  });

  it('leave what all did equally well at 1, are never more than 20, and pass over unrated sides', () => {
    const [, even] = lessonsOf(decisions([9, 9, null], { policy: 'paper-sr', share: 1 }), form);
    expect(even?.weight).toBe(1);
    const [best] = lessonsOf(decisions([10, 0, 0, 0], { policy: 'code-top1' }), {
      ...form,
      temperature: 0.5,
    });
    expect(best?.weight).toBe(20);
  });

  it('give their weight to each of their rows', () => {
    const rows = rowsOfLesson({ weight: 2.5 }, [row('a'), row('b')], null);
    expect(rows.map(({ weight }) => weight)).toEqual([2.5, 2.5]);
    expect(DialogueRow.array().parse(rows)).toEqual(rows);
  });
});

describe('preferences', () => {
  const form = { form: 'preferences' } as const;
  const pairs = (all: Decision[]) =>
    lessonsOf(all, form).map(({ side, against }) => [side.episode, against?.episode]);

  it('set the best kept side against the worst dropped one of the same task and position, and so on inwards', () => {
    expect(pairs(first(decisions(GOALS, TOP_TWO)))).toEqual([
      ['boat-1', 'boat-2'],
      ['boat-3', 'boat-0'],
    ]);
  });

  it('are made of rated sides only, and of sides that differ', () => {
    expect(pairs(first(decisions([9, null, 4], { policy: 'code-top1' })))).toEqual([['boat-0', 'boat-2']]);
    expect(pairs(decisions([5, 5, 5], { policy: 'code-top1' }))).toEqual([]);
  });

  it('never cross tasks or positions, and each side stands in one at most', () => {
    const decided = ['boat', 'bike'].flatMap((task) => decisions(GOALS, TOP_TWO, task));
    const lessons = lessonsOf(decided, form);
    for (const { side, against } of lessons) {
      expect([against?.task, against?.position]).toEqual([side.task, side.position]);
      expect([side.keep, against?.keep]).toEqual([true, false]);
    }
    const used = lessons.flatMap(({ side, against }) => [side, against]);
    expect(new Set(used).size).toBe(used.length);
  });

  it('of sides with several rows are compared row by row, as far as the shorter goes', () => {
    const rows = rowsOfLesson({}, [row('a'), row('b'), row('c')], [row('x'), row('y')]);
    expect(rows.map(({ id, rejected }) => [id, rejected?.id])).toEqual([
      ['a', 'x'],
      ['b', 'y'],
    ]);
    expect(DialogueRow.array().parse(rows)).toEqual(rows);
  });
});
