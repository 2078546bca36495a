import { CampaignLog } from '../../artifacts/campaignLog';
import type { ArtifactStore } from '../../artifacts/artifactStore';
import { ledgerKey, modelBatchesKey } from '../../artifacts/documentKeys';
import type { SigningKey } from '../../artifacts/signing/signingKey';
import { WALLET_DEAD_AFTER_MS } from '../../domain/budget/lease';
import { bookedFor, EVERYTHING } from '../../domain/budget/ledger';
import { type Counted, reconcile } from '../../domain/budget/reconcile';
import { Ledger } from '../../schemas/ledger';
import { ModelBatches } from '../../schemas/modelBatch';
import type { PlanPrices } from '../../schemas/price';
import { CommandError } from '../commandError';

export interface Reconciliation {
  campaign: string;
  prices: Pick<PlanPrices, 'models'>;
  /** Reads the provider's report. */
  count: () => Promise<Counted[]>;
  now: Date;
  who: string;
  why: string;
}

/**
 * Puts the provider's count in place of what is held for workers that are gone, and says so in the campaign's log.
 * Errors: CommandError while anything may still be under way, and when the counts do not fit; STORAGE_*.
 */
export async function reconcileLedger(
  store: ArtifactStore,
  key: SigningKey,
  { campaign, prices, count, now, who, why }: Reconciliation,
): Promise<Ledger> {
  const found = await store.getVersioned(ledgerKey(campaign), Ledger);
  if (!found) throw new CommandError(`Nothing is booked of campaign "${campaign}".`);
  const { value: before, version } = found;
  assertStill(campaign, before, now);
  await assertNoBatches(store, campaign);
  const outcome = reconcile(before, await count(), prices);
  if ('unfit' in outcome) throw new CommandError(outcome.unfit);
  if (!(await store.replaceDocument(ledgerKey(campaign), outcome.ledger, version)))
    throw new CommandError(
      `Workers of campaign "${campaign}" have booked something meanwhile: pause it, and try again.`,
    );
  const at = now.toISOString();
  const total = (ledger: Ledger) => bookedFor(ledger, EVERYTHING).nanodollars;
  const event = {
    kind: 'reconciled' as const,
    booked: total(before),
    counted: total(outcome.ledger),
  };
  await new CampaignLog(store, campaign, key).append(
    [{ id: `reconciled/${at}`, at, actor: who, reason: why, event }],
    null,
  );
  return outcome.ledger;
}

function assertStill(campaign: string, { wallets }: Ledger, now: Date): void {
  const written = Math.max(0, ...wallets.map(({ writtenAt }) => Date.parse(writtenAt)));
  const still = new Date(written + WALLET_DEAD_AFTER_MS);
  if (now >= still) return;
  throw new CommandError(
    `A worker of campaign "${campaign}" may still be spending: it wrote at ${new Date(written).toISOString()}. Pause the campaign, and try again at ${still.toISOString()}, when nothing that was asked can still be answered.`,
  );
}

async function assertNoBatches(store: ArtifactStore, campaign: string): Promise<void> {
  const batches = (await store.getDocument(modelBatchesKey(campaign), ModelBatches)) ?? [];
  const open = batches.filter(({ state }) => state.is !== 'ended');
  if (open.length > 0)
    throw new CommandError(
      `The provider still works on ${open.length} of the batches of campaign "${campaign}": let it go on, and try again when they have ended.`,
    );
}
