import { type Command, InvalidArgumentError } from 'commander';
import { lineageDown } from '../../audit/lineage/down';
import { cut } from '../../audit/lineage/node';
import { lineageUp } from '../../audit/lineage/up';
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
          : await lineageUp(archive, subject, { episode, turn });
        const lineage = depth === undefined ? whole : cut(whole, depth);
        if (json) printJson({ campaign: archive.campaign.id, direction: down ? 'down' : 'up', lineage });
        else console.log(inert(renderLineage(lineage, down ? 'down' : 'up', terminalWidth())));
      } finally {
        close();
      }
    });
}

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
