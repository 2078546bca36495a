/** An answer that a provider gave, whoever came to know of it. */
export interface PaidCall {
  /** Which attempt asked. */
  holder: string;
  /** Whom it asked and what: a policy by its digest, all others as `model`. */
  question: string;
  /** Whether its reader must ask again, so that it is kept only with the answer after it. */
  malformed: boolean;
  /** When the asker knew of it; null when it never did. */
  answeredAt: number | null;
  /** Whether it is a rating that came while the store was away: it is kept once it is stored, and not before. */
  waitsForStore: boolean;
}

/** How an attempt at a batch ended; what it knew at `toldAt` and before is not to be asked again. */
export interface EndedAttempt {
  /** Which activity, and which attempt at it. */
  holder: string;
  toldAt: number;
  endedAt: number;
  /** Whether it had the time to leave all it had where the next one finds it. */
  gracefully: boolean;
}

/** An answer may be on its way into what an attempt tells or leaves: a rating is part of that once it is stored. */
const STORING_MS = 100;

/** What was paid for conversations and ratings, and what was lost with the attempts that paid it. */
export class Ledger {
  readonly paid: PaidCall[] = [];
  private readonly ended: EndedAttempt[] = [];

  pay(holder: string, question: string, malformed: boolean): PaidCall {
    const call: PaidCall = { holder, question, malformed, answeredAt: null, waitsForStore: false };
    this.paid.push(call);
    return call;
  }

  lose(attempt: EndedAttempt): void {
    this.ended.push(attempt);
  }

  /** How often each question was paid for. */
  get counts(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { question } of this.paid) counts.set(question, (counts.get(question) ?? 0) + 1);
    return counts;
  }

  /**
   * The calls that may have been made again: of each attempt that did not finish its batch those in flight, those that
   * were answered after what it told last, unreadable answers, which are kept only with what follows them, and ratings
   * on their way to the store.
   */
  get mayBeRepeated(): number {
    return new Set(this.ended.flatMap((attempt) => this.lostWith(attempt))).size;
  }

  private lostWith({ holder, toldAt, endedAt, gracefully }: EndedAttempt): PaidCall[] {
    const keptUntil = (gracefully ? endedAt : toldAt) - STORING_MS;
    return this.paid.filter(
      (call) =>
        call.holder === holder &&
        (call.answeredAt === null || call.malformed || call.waitsForStore || call.answeredAt >= keptUntil),
    );
  }
}
