/** Older calls count less and less: after so long, by two thirds. */
const MEMORY_MS = 5_000;
/** Calls of a shorter time say nothing of a second. */
const SHORTEST_MS = 1_000;

/** How many calls there were lately. */
export class CallRate {
  private recent = 0;
  private at = 0;
  private since: number | null = null;

  count(now: number): void {
    this.since ??= now;
    this.recent = this.left(now) + 1;
    this.at = now;
  }

  perSecond(now: number): number {
    const elapsed = Math.max(SHORTEST_MS, now - (this.since ?? now));
    // As many as would be left of one call a millisecond.
    const span = MEMORY_MS * (1 - Math.exp(-elapsed / MEMORY_MS));
    return (1_000 * this.left(now)) / span;
  }

  private left(now: number): number {
    return this.recent * Math.exp((this.at - now) / MEMORY_MS);
  }
}
