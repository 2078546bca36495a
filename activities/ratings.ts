import type { Batch } from '../domain/plan/batches';
import type { FinishedBatch } from '../schemas/batch';
import type { Batching } from '../schemas/model';
import { type BatchInput, BatchStore } from './conversation/batchStore';
import { EpisodeBatch } from './conversation/episodeBatch';
import { EpisodeSteps } from './conversation/episodeSteps';
import { keepingToCompare } from './conversation/keepToCompare';
import { keepRegularly } from './conversation/keepRegularly';
import { leaveBatch } from './conversation/leaveBatch';
import { accountOf } from './conversation/account';
import { numbersOf, together } from './conversation/together';
import type { EpisodeDependencies, PlayEpisodesInput } from './episodes';
import type { AskModel } from './models/modelAccess';
import { whileAlive } from './support/heartbeat';

export interface RateEpisodesInput extends Omit<PlayEpisodesInput, 'from' | 'to' | 'inFlight'> {
  batches: Batch[];
  batching: Batching;
}

interface OpenBatch {
  input: BatchInput;
  batch: EpisodeBatch;
}

type Opened = { finished: FinishedBatch; open?: never } | { finished?: never; open: OpenBatch };

export function createRatingActivities({ store, plans, designs, access, ...parts }: EpisodeDependencies) {
  const keepToCompare = keepingToCompare(store, designs);
  const steps = new EpisodeSteps({ store, designs, ...parts });
  const batches = new BatchStore(store, designs);
  return {
    /**
     * Rates batches of episodes whose conversations lie in the store, all at once, by a provider's batches. Ratings are
     * kept as they come; an answer of a batch is never asked for again, in whichever attempt.
     * Errors: MODEL_*, STORAGE_* and ARTIFACT_* that do not pass by themselves.
     */
    async rateEpisodes({ batches: ranges, ...input }: RateEpisodesInput): Promise<FinishedBatch[]> {
      const { design, play } = input;
      const episodes = ranges.reduce((sum, { from, to }) => sum + to - from, 0);
      let open: OpenBatch[] = [];
      const work = async () => {
        const opened = await Promise.all(ranges.map((range) => openBatch({ design, play, ...range })));
        open = opened.flatMap((one) => one.open ?? []);
        await rateAll(input, open);
        return Promise.all(
          opened.map(
            async (one) => one.finished ?? batches.commit(one.open.input, one.open.batch.ratedRows()),
          ),
        );
      };
      return whileAlive(() => ({ episodes, ...progressOf(open) }), work);
    },
  };

  async function openBatch(input: BatchInput): Promise<Opened> {
    const finished = await batches.finished(input);
    if (finished) return { finished };
    return { open: { input, batch: new EpisodeBatch(input.design, input.from, await batches.kept(input)) } };
  }

  async function rateAll(
    { batching, ...input }: Omit<RateEpisodesInput, 'batches'>,
    open: readonly OpenBatch[],
  ): Promise<void> {
    const episodes = open.flatMap(({ input: range, batch }) =>
      numbersOf(range).map((number) => ({ batch, number })),
    );
    const stops = open.map(({ input: range, batch }) => keepRegularly(batches, range, batch));
    try {
      const account = await accountOf(plans, input);
      const all = (ask: AskModel) =>
        together(episodes, episodes.length, ({ batch, number }, signal) =>
          steps.rate(number, batch, { signal, ask, batching }),
        );
      try {
        await access.whileUsed(account, all);
      } finally {
        for (const { batch } of open) await keepToCompare(account, batch);
      }
    } catch (error) {
      await Promise.all(open.map(({ input: range, batch }) => leaveBatch(batches, range, batch)));
      throw error;
    } finally {
      await Promise.all(stops.map((stop) => stop()));
    }
  }
}

/** Of the batches that are not finished, and what one of their episodes waits for. */
const progressOf = (open: readonly OpenBatch[]) => ({
  rated: open.reduce((sum, { batch }) => sum + batch.ratedCount, 0),
  waiting: open.map(({ batch }) => batch.waitsFor).find((waiting) => waiting !== null) ?? null,
});
