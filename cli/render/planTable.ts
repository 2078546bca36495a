import { totalEstimate } from '../../domain/plan/estimate';
import type { Estimate, Plan, Stage } from '../../schemas/plan';
import { approximately, count } from './numbers';
import { type Column, tableWidth, terminalWidth, textTable, wrap } from './textTable';

const COLUMNS: readonly Column[] = [
  { title: 'stage', align: 'left' },
  { title: 'kind', align: 'left' },
  { title: 'queue', align: 'left' },
  { title: 'episodes', align: 'right' },
  { title: 'calls', align: 'right' },
  { title: 'tokens', align: 'right' },
  { title: 'GPU s', align: 'right' },
];

const NARROWEST_INPUTS = 18;
const GAP = '  ';
const INDENT = '    ← ';

/**
 * The stages of a plan in their order, each with kind, task queue, inputs and what it is expected to take; the sums last.
 * @param width characters a line; where the inputs do not fit beside a stage, they stand below it.
 */
export function renderPlan(plan: Plan, width: number = terminalWidth()): string {
  const rows = [
    ...plan.stages.map((stage) => [stage.id, stage.kind, stage.queue, ...estimateCells(stage.estimate)]),
    ['in all', '', '', ...estimateCells(totalEstimate(plan))],
  ];
  const [head = '', ...lines] = textTable(COLUMNS, rows);
  const total = lines.pop() ?? '';
  const left = tableWidth(COLUMNS, rows) + GAP.length;
  const room = width - left;
  const place = room >= NARROWEST_INPUTS ? besideStage(left, room) : belowStage(width);
  return [
    `Plan of campaign ${plan.campaign}: ${count(plan.stages.length)} stages${plan.simulated ? ', with simulated models' : ''}`,
    '',
    ...place(head, 'inputs'),
    ...plan.stages.flatMap((stage, index) => place(lines[index] ?? '', inputsOf(stage))),
    total,
    '',
    'Episodes, calls and tokens are estimates, made before anything starts.',
    ...gatesOf(plan).flatMap((gate) => wrap(gate, width)),
  ].join('\n');
}

const gatesOf = ({ stages }: Plan): string[] =>
  stages.flatMap(({ id, gate }) =>
    gate === null ? [] : [`Before ${id} starts, somebody is asked: "${gate}"`],
  );

type Placing = (line: string, inputs: string) => string[];

const besideStage =
  (left: number, room: number): Placing =>
  (line, inputs) =>
    wrap(inputs, room).map((part, index) => `${(index === 0 ? line : '').padEnd(left)}${part}`.trimEnd());

const belowStage =
  (width: number): Placing =>
  (line, inputs) =>
    inputs === ''
      ? [line]
      : [
          line,
          ...wrap(inputs, width - INDENT.length).map(
            (part, index) => `${index === 0 ? INDENT : ' '.repeat(INDENT.length)}${part}`,
          ),
        ];

const inputsOf = ({ inputs }: Stage): string =>
  [...new Set(Object.values(inputs).map(({ stage }) => stage))].join(', ');

const estimateCells = ({ episodes, calls, tokens, gpuSeconds }: Estimate): string[] => [
  orNothing(episodes, count),
  orNothing(calls, count),
  orNothing(tokens, approximately),
  orNothing(gpuSeconds, count),
];

const orNothing = (value: number, text: (value: number) => string): string =>
  value === 0 ? '·' : text(value);
