/**
 * A clock that all workers of a limit have in common, by what they write for each other: what was written cannot have
 * been written later than it is read, so whoever is behind moves ahead to it (Lamport's rule for physical clocks). All
 * follow the clock that is furthest ahead, by no more than the fastest read took. Nobody's setting of the time moves it.
 */
export class SharedClock {
  private readonly origin = Date.now() - performance.now();
  private ahead = 0;

  /** Milliseconds. */
  now(): number {
    return this.origin + performance.now() + this.ahead;
  }

  /** @param time that another worker's clock showed before now */
  heard(time: number): void {
    this.ahead += Math.max(0, time - this.now());
  }
}
