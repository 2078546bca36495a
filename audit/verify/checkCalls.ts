import { ledgerKey, logFolder } from '../../artifacts/documentKeys';
import type { Bucket } from '../../artifacts/bucket';
import { bookedFor, callsBooked, EVERYTHING, moneyLimits } from '../../domain/budget/ledger';
import { higherLimits } from '../../domain/plan/planLimits';
import { leastOf } from '../../domain/prices/cost';
import { dollars } from '../../domain/prices/dollars';
import { Ledger } from '../../schemas/ledger';
import { Plan, type PlanLimits } from '../../schemas/plan';
import type { PlanPrices } from '../../schemas/price';
import { readDocument } from '../readBlob';
import { lastRun } from '../readCampaign';
import { kindOf } from '../readManifest';
import type { RecordedCalls } from './checkRow';
import type { Findings } from './findings';
import type { LoadedCampaign } from './loadCampaign';
import type { VerifiedBlobs } from './verifiedBlobs';
import { whereReadable } from './whereReadable';

/**
 * No more calls of models, and no more money, were booked than the plan's limits allow, and what the stages record
 * that the campaign made itself was booked. What policies of our own answer is not limited.
 */
export async function checkCalls(
  bucket: Bucket,
  campaign: LoadedCampaign,
  recorded: ReadonlyMap<string, RecordedCalls>,
  blobs: VerifiedBlobs,
  findings: Findings,
): Promise<void> {
  const { id, plan } = campaign;
  const limits = await limitsOf(campaign, blobs);
  if (limits.modelCalls === null && !plan?.prices) return;
  findings.looked();
  const key = ledgerKey(id);
  await whereReadable(key, findings, async () => {
    const ledger = await readDocument(bucket, key, Ledger);
    if (ledger) checkLedger(ledger, key, limits, findings);
    const { calls, nanodollars } = recordedBy(campaign, recorded, plan?.prices);
    if (limits.modelCalls !== null && calls > limits.modelCalls)
      findings.fail(logFolder(id), `The stages made ${calls} calls; the limit is ${limits.modelCalls}.`);
    const booked = ledger ? bookedFor(ledger, EVERYTHING).nanodollars : 0;
    if (nanodollars > booked)
      findings.fail(
        key,
        `Episodes and ratings record calls for at least ${dollars(nanodollars)}; ${dollars(booked)} is booked.`,
      );
  });
}

function checkLedger(ledger: Ledger, key: string, limits: PlanLimits, findings: Findings): void {
  const calls = callsBooked(ledger);
  if (limits.modelCalls !== null && calls > limits.modelCalls)
    findings.fail(key, `${calls} calls were handed out; the limit is ${limits.modelCalls}.`);
  for (const { setting, nanodollars, counts } of moneyLimits(limits)) {
    const booked = bookedFor(ledger, counts).nanodollars;
    if (booked > nanodollars)
      findings.fail(key, `${dollars(booked)} is booked; ${setting} is ${dollars(nanodollars)}.`);
  }
}

/** What the stages record that the campaign made itself; in money the least that it can have cost. */
function recordedBy(
  { log, stages }: LoadedCampaign,
  recorded: ReadonlyMap<string, RecordedCalls>,
  prices: PlanPrices | undefined,
): { calls: number; nanodollars: number } {
  const own = new Set(
    lastRun(log).flatMap(({ entry: { event } }) =>
      event.kind === 'stage-finished' && !event.reused ? [event.key] : [],
    ),
  );
  let [calls, nanodollars] = [0, 0];
  for (const { key, result, manifest } of stages.filter((stage) => own.has(stage.key))) {
    const isAuthoring = manifest && kindOf(manifest.statement) === 'prepareTasks';
    const its = recorded.get(key);
    calls += isAuthoring ? result.cost.calls : (its?.provider ?? 0);
    for (const [model, usage] of its?.tokens ?? []) {
      const price = prices?.models.find((one) => one.model === model)?.price;
      if (price) nanodollars += leastOf(usage, price);
    }
  }
  return { calls, nanodollars };
}

/** The highest that plans of the last run set; none where one of them set none. */
async function limitsOf({ log, plan }: LoadedCampaign, blobs: VerifiedBlobs): Promise<PlanLimits> {
  const followed = lastRun(log).flatMap(({ entry: { event } }) => {
    if (event.kind === 'campaign-started') return [event.plan];
    return event.kind === 'steering' && !event.record.refused ? (event.record.plan ?? []) : [];
  });
  let highest: PlanLimits = plan?.limits ?? { modelCalls: null };
  for (const digest of followed) {
    const earlier = await blobs.json(digest, Plan).catch(() => null);
    if (earlier) highest = higherLimits(highest, earlier.limits);
  }
  return highest;
}
