import type { Command } from 'commander';
import { printJson } from './options';
import { holdsOf } from '../client/holds';
import { type SteeringOptions, withCampaign, withSteeringOptions } from './withCampaign';

export function registerResume(program: Command): void {
  withSteeringOptions(program.command('resume <campaign>'), 'resumed by hand')
    .description('end a pause, and try all parked stages again')
    .action((id: string, options: SteeringOptions) =>
      withCampaign(options, id, async (campaign) => {
        const { progress, closedAt } = await campaign.status();
        const isHeld = progress && holdsOf(progress).some(({ kind }) => kind !== 'gated');
        if (progress && !isHeld && closedAt === null) {
          if (options.json) return printJson({ already: true });
          return console.log(`Campaign "${id}" is not paused and has no parked stage.`);
        }
        const record = await campaign.resume(options);
        if (options.json) return printJson({ ...record, already: false });
        const again = record.stages.length === 0 ? '' : ` Tried again: ${record.stages.join(', ')}.`;
        console.log(`Campaign "${id}" goes on.${again} \`pi-loop watch ${id}\` shows its progress.`);
      }),
    );
}
