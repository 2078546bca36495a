import { continueAsNew, setHandler } from '@temporalio/workflow';
import { type Batch, batchesOf } from '../domain/plan/batches';
import { playConversations } from './activityProxies';
import { collectionProgress } from './messages';
import {
  BATCHES_A_RUN,
  batchesAtOnce,
  batchInput,
  type PlayedCollection,
  untilKept,
} from './playedCollection';
import { slidingWindow } from './slidingWindow';

export interface ConversationCollectionInput extends PlayedCollection {
  /** Batches that the runs before this one have played. */
  done?: number;
}

/**
 * Plays all episodes of a design and rates none: for a judge that is asked by batches, when nothing needs to be served
 * any more. Errors: those of `playConversations`.
 */
export async function conversationCollection(input: ConversationCollectionInput): Promise<void> {
  const { episodes, done = 0 } = input;
  // An episode counts as finished when it is rated.
  setHandler(collectionProgress, () => ({ finished: 0, planned: episodes }));
  const batches = batchesOf(episodes);
  const until = Math.min(batches.length, done + BATCHES_A_RUN);
  await slidingWindow(done, until, batchesAtOnce(input), (number) =>
    untilKept(playConversations, batchInput(input, batches[number] as Batch)),
  );
  if (until < batches.length) await continueAsNew<typeof conversationCollection>({ ...input, done: until });
}
