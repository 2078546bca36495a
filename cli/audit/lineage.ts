import { type Command, InvalidArgumentError } from 'commander';
import { lineageDown } from '../../audit/lineage/down';
import { ChoiceError, type Chosen, cut, type LineageNode } from '../../audit/lineage/node';
import { lineageUp } from '../../audit/lineage/up';
import { nameOf, type Subject } from '../../audit/find/subject';
import type { Archive } from '../../audit/index/archive';
import { CommandError } from '../commandError';
import { openBucket } from '../openBucket';
import { printJson } from '../options';
import { inert } from '../render/inert';
import { renderLineage } from '../render/lineageTree';
import { terminalWidth } from '../render/textTable';
import { ask } from './ask';
import { type IndexOptions, withIndexOptions } from './indexOptions';

interface LineageOptions extends IndexOptions {
  up?: boolean;
  down?: boolean;
  depth?: number;
  episode?: string;
  turn?: number;
}

export function registerLineage(audit: Command): void {
  withIndexOptions(audit.command('lineage <what>'))
    .description(
      'where a score, stage, artifact, training row, episode, turn (EPISODE#NUMBER) or prompt came from, or what came of it',
    )
    .option('--up', 'what it came from, down to one raw model call (the default)')
    .option('--down', 'what came of it, up to the scores')
    .option('--depth <n>', 'steps to show; all of them by default', positive)
    .option('--episode <id>', 'with --up: the episode that the chain ends with')
    .option('--turn <n>', 'with --up: the turn of it', whole)
    .action(async (what: string, options: LineageOptions) => {
      const { up, down, depth, episode, turn, json } = options;
      if (up && down) throw new CommandError('Give one of --up and --down.', { exitCode: 2 });
      const { bucket, close } = openBucket(options);
      try {
        const { archive, subject } = await ask(bucket, what, { ...options, first: 'scores' });
        const whole = down
          ? await lineageDown(archive, subject)
          : await chosenUp(archive, subject, { episode, turn });
        const lineage = depth === undefined ? whole : cut(whole, depth);
        if (json) printJson({ campaign: archive.campaign.id, direction: down ? 'down' : 'up', lineage });
        else console.log(inert(renderLineage(lineage, down ? 'down' : 'up', terminalWidth())));
      } finally {
        close();
      }
    });
}

/** Errors: CommandError when the episode or the turn that was chosen is not there. */
async function chosenUp(archive: Archive, subject: Subject, chosen: Chosen): Promise<LineageNode> {
  try {
    const lineage = await lineageUp(archive, subject, chosen);
    if (chosen.episode === undefined || holds(lineage, 'row')) return lineage;
    throw new ChoiceError(
      `No training row of episode ${chosen.episode} is behind ${nameOf(subject)}. \`audit show ${chosen.episode}\` tells what was learned from it.`,
    );
  } catch (error) {
    throw error instanceof ChoiceError ? new CommandError(error.message, { exitCode: 2 }) : error;
  }
}

const holds = ({ kind, next }: LineageNode, wanted: string): boolean =>
  kind === wanted || next.some((one) => holds(one, wanted));

function whole(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0) return value;
  throw new InvalidArgumentError('expected a whole number from 0');
}

function positive(text: string): number {
  const value = whole(text);
  if (value > 0) return value;
  throw new InvalidArgumentError('expected a whole number from 1');
}
