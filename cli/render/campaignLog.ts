import type { StoredEntry } from '../../artifacts/campaignLog';
import { dollars } from '../../domain/prices/dollars';
import type { LogEvent } from '../../schemas/campaignLog';
import type { PlanChange } from '../../schemas/plan';
import { inertLine } from './inert';
import { count, percent, signed } from './numbers';
import { shortened } from './shortened';

/** A campaign's log, an entry a line, its reason and its changes below it; at the end the log's head. */
export function renderLog(log: readonly StoredEntry[]): string {
  const last = log.at(-1)?.head;
  return [
    ...log.flatMap(({ entry: { number, at, actor, reason, event } }) => [
      inertLine(
        `${String(number).padStart(4)}  ${at.slice(0, 19).replace('T', ' ')}  ${nameActor(actor)}: ${describeEvent(event)}`,
      ),
      ...(reason === '' ? [] : [inertLine(`      why: ${reason}`)]),
      ...changesOf(event).map(({ stage, path, from, to }) =>
        inertLine(
          `      ${stage === '' ? 'the plan as a whole' : stage}: ${path}: ${shown(from)} → ${shown(to)}`,
        ),
      ),
    ]),
    '',
    `head ${last?.number}:${last?.digest}`,
    'Note it outside the bucket: `pi-loop audit verify --head` then finds a log that was cut or rolled back.',
  ].join('\n');
}

const changesOf = (event: LogEvent): PlanChange[] => (event.kind === 'steering' ? event.record.changes : []);

const shown = (value: string | null): string => (value === null ? 'nothing' : shortened(value));

/** People by their names; a workflow by what it is, its run being in `--json`. */
const nameActor = (actor: string): string => (actor.startsWith('workflow ') ? 'campaign' : actor);

function describeEvent(event: LogEvent): string {
  switch (event.kind) {
    case 'campaign-started': {
      const { parent } = event;
      const fork = parent ? `, forked from ${parent.campaign} at ${parent.stage}` : '';
      return `started with plan ${cut(event.plan)}${fork}`;
    }
    case 'stage-started':
      return `${event.stage} started, key ${cut(event.key)}`;
    case 'stage-finished':
      return `${event.stage} ${event.reused ? 'found finished' : 'finished'}, manifest ${cut(event.manifest)}, ${count(event.calls)} calls so far`;
    case 'stage-parked':
      return `${event.stage} parked, ${event.type}: ${event.message} (${event.tries} tries${event.nextTryAt === null ? '' : `, next at ${event.nextTryAt}`})`;
    case 'gate-reached':
      return `${event.stage} waits for a yes to "${event.question}"`;
    case 'steering': {
      const { kind, stages, refused } = event.record;
      const about = stages.length > 0 ? ` ${stages.join(', ')}` : '';
      return `${kind}${about}${refused === null ? '' : `, refused: ${refused}`}`;
    }
    case 'budget':
      return `${percent(event.share)} of the limit of calls: ${count(event.calls)} of ${count(event.limit)}`;
    case 'money':
      return `${percent(event.share)} of the limit on money: ${dollars(event.nanodollars)} of ${dollars(event.limit)}`;
    case 'snapshot-changed': {
      const { model, from, name, since, standing, shift } = event.change;
      const shifted = shift
        ? `, goal shifted by ${signed(shift.goal.mean)} over ${shift.episodes} episodes`
        : '';
      return `model ${model} answers as ${name} since ${since}, before as ${from}: ${standing}${shifted}`;
    }
    case 'reconciled':
      return `reconciled with the provider's count: ${dollars(event.booked)} booked before, ${dollars(event.counted)} after`;
    case 'campaign-finished':
      return `finished with results ${cut(event.results)}, ${event.stages.length} stages`;
    case 'campaign-stopped':
      return `stopped, ${event.type}: ${event.message}`;
    case 'histories-archived':
      return `${event.histories.length} histories of Temporal are in the store`;
    case 'collected':
      return `${count(event.blobs)} blobs that nobody needs deleted, by plan ${cut(event.plan)}`;
    case 'forgotten':
      return `${count(event.blobs.length)} blobs forgotten`;
  }
}

const cut = (digest: string): string => digest.slice(0, 12);
