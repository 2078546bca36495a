import type { Command } from 'commander';
import type { Bucket } from '../../artifacts/bucket';
import { compareSides } from '../../audit/diff/compareCampaigns';
import { campaignSide, roundSide, type Side } from '../../audit/diff/side';
import { roundsOf } from '../../audit/find/findSubjects';
import { openArchives } from '../../audit/find/openArchive';
import type { Archive } from '../../audit/index/archive';
import { auditCacheFolder } from '../../audit/index/blobCache';
import { listCampaigns } from '../../audit/readCampaign';
import { nearestWord } from '../../domain/campaign/nearestWord';
import { CommandError } from '../commandError';
import { openBucket } from '../openBucket';
import { printJson } from '../options';
import { differencePage } from '../render/difference';
import { inert } from '../render/inert';
import { renderPage } from '../render/page';
import { terminalWidth } from '../render/textTable';
import { tell } from './ask';
import { type IndexOptions, withIndexOptions } from './indexOptions';

export function registerDiff(audit: Command): void {
  withIndexOptions(audit.command('diff <a> <b>'))
    .description('what differs between two campaigns, or two rounds (ROUND, or CAMPAIGN:ROUND)')
    .action(async (a: string, b: string, options: IndexOptions) => {
      const { bucket, close } = openBucket(options);
      try {
        const sides = new Sides(bucket, options);
        const [before, after] = [await sides.named(a), await sides.named(b)];
        if (before.isRound !== after.isRound)
          throw new CommandError(`"${a}" and "${b}" are not of a kind: give two campaigns or two rounds.`, {
            exitCode: 2,
          });
        const difference = await compareSides(before.side, after.side);
        if (options.json) printJson(difference);
        else console.log(inert(renderPage(differencePage(difference), terminalWidth())));
      } finally {
        close();
      }
    });
}

class Sides {
  private readonly archives = new Map<string, Promise<Archive[]>>();

  constructor(
    private readonly bucket: Bucket,
    private readonly options: IndexOptions,
  ) {}

  /** Errors: CommandError when it is no campaign and no round. */
  async named(name: string): Promise<{ side: Side; isRound: boolean }> {
    const campaigns = await listCampaigns(this.bucket);
    const [campaign = '', round] = name.split(':');
    if (round === undefined && campaigns.includes(name)) {
      const [archive] = await this.open(name);
      if (archive) return { side: campaignSide(archive), isRound: false };
    }
    const [only, wanted] = round === undefined ? [this.options.campaign, name] : [campaign, round];
    if (round !== undefined && !campaigns.includes(campaign)) throw unknown(name, campaigns);
    const archives = await this.open(only);
    const found = archives.find((archive) => roundsOf(archive).includes(wanted));
    if (!found) throw unknown(name, [...campaigns, ...archives.flatMap(roundsOf)]);
    return { side: roundSide(found, wanted), isRound: true };
  }

  private open(campaign: string | undefined): Promise<Archive[]> {
    const cache = this.options.index ? auditCacheFolder() : null;
    const opened = this.archives.get(campaign ?? '') ?? openArchives(this.bucket, { cache, campaign, tell });
    this.archives.set(campaign ?? '', opened);
    return opened;
  }
}

function unknown(name: string, words: readonly string[]): CommandError {
  const nearest = nearestWord(name, words);
  const hint =
    nearest === undefined ? `There are: ${[...new Set(words)].join(', ')}.` : `Did you mean "${nearest}"?`;
  return new CommandError(`"${name}" is no campaign and no round. ${hint}`, { exitCode: 2 });
}
