import { rmSync } from 'node:fs';
import { Client, Connection } from '@temporalio/client';
import { ArtifactStore } from '../artifacts/artifactStore';
import type { Campaign } from '../client/campaign';
import { StateDirectory } from '../deploy/local/stateDirectory';
import { type AskedCounts, CallLedger, type Strike } from './calls';
import { type CallCount, checkCalls, checkStore, type Finding, type StoreCheck } from './check';
import { checkProcesses, checkWorkflows } from './check/leftovers';
import { contentOf, resultOf, startCampaign } from './runCampaign';
import { ChaosSystem } from './system/chaosSystem';

/** One playing of the campaign, in a bucket of its own, so that nothing is reused. */
export interface Pass {
  bucket: string;
  seconds: number;
  /** Digests of all outputs, by stage and role. */
  content: Record<string, string>;
}

const CAMPAIGN = 'chaos';

/** A system of its own, and the campaigns that are played on it one after the other. */
export class ChaosRun {
  readonly passes: Pass[] = [];
  /** The one that is played now. */
  campaign: Campaign | undefined;
  private startedAt = 0;
  private readonly client: Client;

  private constructor(
    /** Occurs in the command line of every process of this run. */
    readonly mark: string,
    readonly system: ChaosSystem,
    private readonly ledger: CallLedger,
    private readonly connection: Connection,
  ) {
    this.client = new Client({ connection });
  }

  /** @param folder of the run; whatever an earlier one left there is removed */
  static async open(folder: string, seed: number): Promise<ChaosRun> {
    const state = new StateDirectory(folder);
    rmSync(state.root, { recursive: true, force: true });
    state.prepare();
    const ledger = new CallLedger();
    const system = await ChaosSystem.start({ state, seed, ledger });
    const connection = await Connection.connect({ address: system.environment.TEMPORAL_ADDRESS });
    return new ChaosRun(state.root, system, ledger, connection);
  }

  /** Starts the campaign in a bucket that holds nothing yet. */
  async begin(file: string): Promise<void> {
    const { system } = this;
    system.bucket = `${CAMPAIGN}-${this.passes.length + 1}`;
    await system.startWorkers();
    this.startedAt = performance.now();
    this.campaign = await startCampaign(this.client, system.environment, file, CAMPAIGN);
  }

  /** Waits for its end. @param deadline as of `performance.now()` @throws with the campaign's state when it has passed */
  async end(deadline: number): Promise<Pass> {
    if (!this.campaign) throw new Error('no campaign has begun');
    const result = await resultOf(this.campaign, deadline);
    this.campaign = undefined;
    const seconds = (performance.now() - this.startedAt) / 1000;
    const pass = { bucket: this.system.bucket, seconds, content: contentOf(result) };
    this.passes.push(pass);
    return pass;
  }

  /** Calls that may have been made again because workers were struck. */
  atRisk(strikes: readonly Strike[]): number {
    return this.ledger.atRisk(strikes);
  }

  /** How often each question was asked, in all passes. */
  get asked(): AskedCounts {
    return this.ledger.counts;
  }

  /**
   * Checks what the passes left, while the system still runs.
   * @param strikes that it has survived
   * @param askedOnce how often each question is asked in an undisturbed pass
   */
  async check(
    strikes: readonly Strike[],
    askedOnce: AskedCounts,
  ): Promise<{ findings: Finding[]; calls: CallCount }> {
    const workflows = await checkWorkflows(this.client);
    const children = await checkProcesses('no trainer or policy server outlives its stage', [
      this.mark,
      'pi_trainer',
    ]);
    const checks: StoreCheck[] = [];
    for (const { bucket } of this.passes) checks.push(await this.checkBucket(bucket));
    const calls = {
      answered: this.ledger.answered,
      recorded: checks.reduce((sum, { recordedCalls }) => sum + recordedCalls, 0),
      lost: this.ledger.lost,
      atRisk: this.atRisk(strikes),
      unexcused: this.ledger.unexcused(times(askedOnce, this.passes.length), strikes),
    };
    const findings = [...checks.flatMap((check) => check.findings), checkCalls(calls), workflows, children];
    return { findings, calls };
  }

  /** Ends everything. @returns whether something stayed */
  async close(): Promise<Finding> {
    await this.connection.close();
    await this.system.close();
    return checkProcesses('no process is left', [this.mark]);
  }

  private async checkBucket(bucket: string): Promise<StoreCheck> {
    const store = new ArtifactStore({ ...this.system.storeOptions, bucket });
    try {
      return await checkStore(store);
    } finally {
      store.close();
    }
  }
}

const times = (counts: AskedCounts, passes: number): AskedCounts =>
  Object.fromEntries(Object.entries(counts).map(([asked, count]) => [asked, count * passes]));
