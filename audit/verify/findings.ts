/** Something that is not as it was signed, planned or computed. */
export interface Failure {
  /** Name of the check. */
  check: string;
  /** What is wrong: a key of the bucket, or a place in one. */
  object: string;
  message: string;
  /** All that was made from it, from the nearest on. */
  builtOnIt: string[];
}

export interface CheckSummary {
  name: string;
  /** Things looked at. */
  checked: number;
  failures: number;
  seconds: number;
}

/** A blob that is gone, with the signed reason. */
export interface Explained {
  digest: string;
  cause: string;
  reason: string;
}

/** Collects what checks find, and what is built on what. */
export class Findings {
  readonly checks: CheckSummary[] = [];
  readonly explained: Explained[] = [];
  private readonly found: Omit<Failure, 'builtOnIt'>[] = [];
  private readonly users = new Map<string, Set<string>>();
  private current: CheckSummary = { name: '', checked: 0, failures: 0, seconds: 0 };

  /** Runs a check; what it finds is told under its name. */
  async check(name: string, run: () => Promise<void> | void): Promise<void> {
    const before = performance.now();
    const known = this.checks.find((one) => one.name === name);
    this.current = known ?? { name, checked: 0, failures: 0, seconds: 0 };
    if (!known) this.checks.push(this.current);
    await run();
    this.current.seconds += (performance.now() - before) / 1000;
  }

  looked(count = 1): void {
    this.current.checked += count;
  }

  fail(object: string, message: string): void {
    this.current.failures += 1;
    this.found.push({ check: this.current.name, object, message });
  }

  /** Says that `user` was made from `object`, or names it. */
  isUsed(object: string, user: string): void {
    if (object === user) return;
    const users = this.users.get(object);
    if (users) users.add(user);
    else this.users.set(object, new Set([user]));
  }

  get failures(): Failure[] {
    return this.found.map((one) => ({ ...one, builtOnIt: this.builtOn(one.object) }));
  }

  private builtOn(object: string): string[] {
    const found = new Set([object]);
    for (const one of found) for (const user of this.users.get(one) ?? []) found.add(user);
    found.delete(object);
    return [...found];
  }
}
