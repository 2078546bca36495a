import { randomUUID } from 'node:crypto';
import { isNothing, minus, most, NOTHING, plus, sum } from '../../../domain/budget/amount';
import { isSamePurpose, NO_ENTRIES, unite } from '../../../domain/budget/ledger';
import { WALLET_LEASE_MS } from '../../../domain/budget/lease';
import { ledgerKey } from '../../../artifacts/documentKeys';
import type { ArtifactStore } from '../../../artifacts/artifactStore';
import { type Amount, type Holding, Ledger, type Purpose, type Spending } from '../../../schemas/ledger';
import { Purse } from './purse';

/** A wallet that holds nothing is taken out of the ledger when its worker has not written for so long. */
const FORGET_EMPTY_AFTER_MS = 3_600_000;

/** What is to change in the ledger. */
export interface Change {
  /** What each purse gets. */
  grants: ReadonlyMap<Purse, Amount>;
  /** Purses that give back what is free in them. */
  emptied: readonly Purse[];
}

interface Line {
  purse: Purse;
  calls: number;
  spent: Amount;
  granted: Amount;
}

/** A change whose fate is not known before the ledger is read again. */
interface Written {
  number: number;
  lines: Line[];
}

/**
 * What one worker holds of a campaign's limits, as the campaign's ledger has it. The ledger is replaced only in the
 * version that was read, and a worker recognises its own write of which the answer was lost.
 */
export class Wallet {
  private id: string = randomUUID();
  private writes = 0;
  private leasedUntil = Number.NEGATIVE_INFINITY;
  private purses: Purse[] = [];
  private doubtful: Written | null = null;

  constructor(
    private readonly store: ArtifactStore,
    private readonly campaign: string,
  ) {}

  /** Nobody may take what is held for that of a worker that is gone. */
  get isLeased(): boolean {
    return performance.now() < this.leasedUntil;
  }

  get all(): readonly Purse[] {
    return this.purses;
  }

  purse(purpose: Purpose): Purse {
    const known = this.purses.find((purse) => isSamePurpose(purse.purpose, purpose));
    if (known) return known;
    const purse = new Purse(purpose);
    this.purses.push(purse);
    return purse;
  }

  /**
   * Tells the ledger what was spent, and changes what is held. One at a time. Errors: STORAGE_*.
   * @param change decides by the ledger as it is
   */
  async write(change: (ledger: Ledger) => Change): Promise<void> {
    const key = ledgerKey(this.campaign);
    for (;;) {
      const now = performance.now();
      const found = await this.store.getVersioned(key, Ledger);
      const ledger = found?.value ?? NO_ENTRIES;
      this.recognise(ledger);
      const { next, lines } = this.apply(ledger, change(this.withOwnHoldings(ledger)));
      this.doubtful = { number: this.writes + 1, lines };
      if (!(await this.store.replaceDocument(key, next, found?.version ?? null))) continue;
      this.settle(this.doubtful);
      this.leasedUntil = now + WALLET_LEASE_MS;
      this.purses = this.purses.filter((purse) => !purse.isEmpty);
      return;
    }
  }

  /** The ledger with what this worker holds by its own account: the ledger may know of more. */
  private withOwnHoldings(ledger: Ledger): Ledger {
    const holdings = this.purses.map((purse) => ({ ...purse.purpose, ...most(purse.held, NOTHING) }));
    return { ...ledger, wallets: [...this.otherWallets(ledger), this.walletOf(holdings)] };
  }

  private apply(ledger: Ledger, { grants, emptied }: Change): { next: Ledger; lines: Line[] } {
    for (const purse of emptied) purse.held = minus(purse.held, most(purse.free, NOTHING));
    const lines = this.purses.map((purse) => ({
      purse,
      calls: purse.spending.length,
      spent: sum(purse.spending),
      granted: grants.get(purse) ?? NOTHING,
    }));
    const told: Spending[] = this.purses.flatMap(({ spending }) => spending);
    const holdings = lines.map(({ purse, spent, granted }) => ({
      ...purse.purpose,
      ...most(plus(minus(purse.held, spent), granted), NOTHING),
    }));
    return {
      lines,
      next: {
        ...ledger,
        spending: unite([...ledger.spending, ...told]),
        wallets: [...this.otherWallets(ledger), this.walletOf(holdings)],
      },
    };
  }

  /** Was the last write done, although its answer never came? And is the wallet still this worker's? */
  private recognise({ wallets }: Ledger): void {
    const mine = wallets.find(({ id }) => id === this.id);
    if (this.doubtful && mine?.writes === this.doubtful.number) this.settle(this.doubtful);
    this.doubtful = null;
    if (mine || this.writes === 0) return;
    // It was taken for that of a worker that is gone: what its calls took has been booked by the provider's count.
    this.id = randomUUID();
    this.writes = 0;
    this.purses = [];
  }

  private settle({ number, lines }: Written): void {
    this.writes = number;
    this.doubtful = null;
    for (const { purse, calls, spent, granted } of lines) {
      purse.held = plus(purse.held, granted);
      purse.told(calls, spent);
    }
  }

  private walletOf(holdings: Holding[]) {
    return {
      id: this.id,
      writes: this.writes + 1,
      writtenAt: new Date().toISOString(),
      holdings: holdings.filter((holding) => !isNothing(holding)),
    };
  }

  private otherWallets({ wallets }: Ledger) {
    const old = Date.now() - FORGET_EMPTY_AFTER_MS;
    return wallets.filter(
      ({ id, holdings, writtenAt }) => id !== this.id && (holdings.length > 0 || Date.parse(writtenAt) > old),
    );
  }
}
