import { isNothing, minus, NOTHING, plus } from '../../../domain/budget/amount';
import type { Amount, Purpose, Spending } from '../../../schemas/ledger';

/** What a worker has of one purpose's calls and money. The ledger never has less of it for this worker. */
export class Purse {
  /** What the worker may count on. */
  held: Amount = NOTHING;
  /** Of it, for calls that are on their way. */
  reserved: Amount = NOTHING;
  /** Of it, for calls of which nobody knows whether the provider answered. */
  lost: Amount = NOTHING;
  /** Of it, what was spent since the ledger was told last, call by call. */
  readonly spending: Spending[] = [];
  private spent: Amount = NOTHING;

  constructor(readonly purpose: Purpose) {}

  /** What may still be reserved. Below nothing where a provider took more than was thought possible. */
  get free(): Amount {
    return minus(minus(minus(this.held, this.reserved), this.lost), this.spent);
  }

  get isEmpty(): boolean {
    return this.spending.length === 0 && [this.held, this.reserved].every(isNothing);
  }

  reserve(amount: Amount): void {
    this.reserved = plus(this.reserved, amount);
  }

  /** A call was not answered, and costs nothing. */
  release(reserved: Amount): void {
    this.reserved = minus(this.reserved, reserved);
  }

  /** A call was answered. */
  spend(reserved: Amount, spending: Spending): void {
    this.release(reserved);
    this.spending.push(spending);
    this.spent = plus(this.spent, spending);
  }

  /** Nobody knows whether a call was answered: it counts as answered, at worst. */
  lose(reserved: Amount): void {
    this.release(reserved);
    this.lost = plus(this.lost, reserved);
  }

  /** The ledger has the first so many of the calls now, which took so much. */
  told(calls: number, amount: Amount): void {
    this.spending.splice(0, calls);
    this.spent = minus(this.spent, amount);
    this.held = minus(this.held, amount);
  }
}
