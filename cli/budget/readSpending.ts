import { readDocument } from '../../audit/readBlob';
import type { Bucket } from '../../artifacts/bucket';
import { ledgerKey } from '../../artifacts/documentKeys';
import { EVERYTHING, heldFor, spentOn } from '../../domain/budget/ledger';
import { Ledger } from '../../schemas/ledger';

/** What a campaign has spent on models, in nanodollars, and what is held for calls that may still be paid. */
export interface MoneySpent {
  spent: number;
  held: number;
}

/** Null where nothing that has a price was asked. Errors: STORAGE_*. */
export async function readSpending(bucket: Bucket, campaign: string): Promise<MoneySpent | null> {
  const ledger = await readDocument(bucket, ledgerKey(campaign), Ledger);
  if (!ledger) return null;
  const [spent, held] = [spentOn(ledger, EVERYTHING), heldFor(ledger, EVERYTHING)];
  if (spent.nanodollars + held.nanodollars === 0) return null;
  return { spent: spent.nanodollars, held: held.nanodollars };
}
