/** Time of something that several use at once, in milliseconds: each moment belongs in equal parts to those who use it. */
export class SharedTime {
  users = 0;
  /** What somebody would have who has used it from the beginning. */
  private share = 0;
  private changedAt = 0;

  constructor(private readonly now: () => number) {}

  /** @returns ends the use, and says how much of the time was this user's; asked again, it says the same */
  join(): () => number {
    this.pass(this.users + 1);
    const before = this.share;
    let own: number | undefined;
    return () => (own ??= this.leave(before));
  }

  private leave(before: number): number {
    this.pass(this.users - 1);
    return this.share - before;
  }

  private pass(users: number): void {
    const now = this.now();
    if (this.users > 0) this.share += (now - this.changedAt) / this.users;
    this.changedAt = now;
    this.users = users;
  }
}
