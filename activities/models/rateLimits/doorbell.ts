/** A pause that others may cut short. */
export class Doorbell {
  private end: (() => void) | null = null;
  private rung = false;
  private isQuiet = false;

  /** @param quietMs for so long only an alarm is heard; a ring is heard when it is over */
  wait(mostMs: number, quietMs: number): Promise<void> {
    return new Promise((resolve) => {
      const quiet = setTimeout(() => {
        this.isQuiet = false;
        if (this.rung) this.end?.();
      }, quietMs);
      const most = setTimeout(() => this.end?.(), mostMs);
      this.isQuiet = true;
      this.rung = false;
      this.end = () => {
        clearTimeout(quiet);
        clearTimeout(most);
        this.end = null;
        resolve();
      };
    });
  }

  ring(): void {
    this.rung = true;
    if (!this.isQuiet) this.end?.();
  }

  alarm(): void {
    this.end?.();
  }
}
