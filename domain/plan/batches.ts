/** Episodes that one activity plays and rates at once. */
export const EPISODES_AT_ONCE = 8;
/** Most episodes of one activity: what it says of itself in a heartbeat stays far below Temporal's payload limit. */
const LARGEST_BATCH = 8 * EPISODES_AT_ONCE;
/** Batches that the episodes left are shared among: towards the end they get smaller, so that all lanes stay busy. */
const SHARES = 32;

/** Episodes of one activity that rates by a provider's batches: it waits for hours, and holds a slot all the time. */
const RATED_TOGETHER = 8 * LARGEST_BATCH;

/** Episodes `from` up to, not including, `to` of a design. */
export interface Batch {
  from: number;
  to: number;
}

/**
 * Splits the episodes of a design into batches. It depends on their number alone: what an interrupted attempt kept of
 * a batch is found again, however many are played at once the next time.
 */
export function batchesOf(episodes: number): Batch[] {
  const batches: Batch[] = [];
  for (let from = 0; from < episodes; ) {
    const share = Math.ceil((episodes - from) / SHARES / EPISODES_AT_ONCE) * EPISODES_AT_ONCE;
    const to = Math.min(episodes, from + Math.min(LARGEST_BATCH, share));
    batches.push({ from, to });
    from = to;
  }
  return batches;
}

/** The same batches, in groups of which each is rated by one activity. */
export function ratedTogether(episodes: number): Batch[][] {
  const groups: Batch[][] = [];
  for (const batch of batchesOf(episodes)) {
    const group = groups.at(-1);
    const from = group?.[0]?.from ?? 0;
    if (group && batch.to - from <= RATED_TOGETHER) group.push(batch);
    else groups.push([batch]);
  }
  return groups;
}
