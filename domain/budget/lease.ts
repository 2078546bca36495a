/** A worker makes calls from what it holds for so long after it has last written the ledger; then it writes first. */
export const WALLET_LEASE_MS = 600_000;

/** And a call that was begun then ends within this. */
const LONGEST_CALL_MS = 300_000;

/** A worker that has not written for so long spends nothing any more. */
export const WALLET_DEAD_AFTER_MS = WALLET_LEASE_MS + LONGEST_CALL_MS;
