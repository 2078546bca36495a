import type { Forecast } from '../fork/forecast';
import { duration } from './duration';
import { count } from './numbers';
import { type Column, textTable } from './textTable';

const COLUMNS: readonly Column[] = [
  { title: 'stage', align: 'left' },
  { title: '', align: 'left' },
  { title: 'seconds saved', align: 'right' },
  { title: 'calls saved', align: 'right' },
  { title: 'calls to make', align: 'right' },
];

/** What a fork reuses and what it makes anew; the sums last. */
export function renderForecast({ stages, saved }: Forecast): string {
  const rows = stages.map(({ stage, reused, why, seconds, calls }) =>
    reused
      ? [stage, 'reused', seconds.toFixed(1), count(calls), '']
      : [stage, `made anew: ${why}`, '', '', count(calls)],
  );
  const reused = stages.filter((stage) => stage.reused).length;
  return [
    ...textTable(COLUMNS, rows),
    '',
    `${reused} of ${stages.length} stages are reused: ${duration(saved.seconds)} of work (${saved.seconds.toFixed(1)} s) and ${count(saved.calls)} calls are saved, those of served policies included.`,
    "Calls to make are the plan's estimates. Training is reused if the workers have the same trainer as before.",
  ].join('\n');
}
