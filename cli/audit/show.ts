import type { Command } from 'commander';
import { show } from '../../audit/show/show';
import { openBucket } from '../openBucket';
import { printJson } from '../options';
import { inert } from '../render/inert';
import { renderPage } from '../render/page';
import { terminalWidth } from '../render/textTable';
import { ask } from './ask';
import { type IndexOptions, withIndexOptions } from './indexOptions';

export function registerShow(audit: Command): void {
  withIndexOptions(audit.command('show <what>'))
    .description(
      'a round, stage, episode, turn (EPISODE#NUMBER), training row, log entry, or whatever has a digest',
    )
    .action(async (what: string, options: IndexOptions) => {
      const { bucket, close } = openBucket(options);
      try {
        const { archive, subject } = await ask(bucket, what, { ...options, first: 'parts' });
        const { page, document } = await show(archive, subject);
        if (options.json) printJson({ campaign: archive.campaign.id, ...document });
        else console.log(inert(renderPage(page, terminalWidth())));
      } finally {
        close();
      }
    });
}
