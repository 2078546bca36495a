/** Older calls count less and less: after so long, by two thirds. */
const MEMORY_MS = 5_000;

/** How many calls there were lately. */
export class CallRate {
  private recent = 0;
  private at = 0;

  count(now: number): void {
    this.recent = this.left(now) + 1;
    this.at = now;
  }

  perSecond(now: number): number {
    return (1_000 * this.left(now)) / MEMORY_MS;
  }

  private left(now: number): number {
    return this.recent * Math.exp((this.at - now) / MEMORY_MS);
  }
}
