import { Client, Connection } from '@temporalio/client';
import { ArtifactStore } from '../../artifacts/artifactStore';
import { type FaultProxy, startHttpProxy } from '../../chaos/faultProxy';
import type { Exchange } from '../../chaos/proxy/requests';
import type { Campaign } from '../../client/campaign';
import { Campaigns } from '../../client/campaigns';
import { resolveCampaign } from '../../cli/resolveCampaign';
import { seedOf } from '../../domain/random';
import { Plan } from '../../schemas/plan';
import type { Parking, StageProgress } from '../../workflows/messages';
import { TINY } from './campaignRuns';
import { ControlledSystem, type Spec } from './controlledSystem';
import { withoutTraining } from './dialoguePlan';
import { commandsBelow, until } from './processes';
import { Provider } from './provider';
import { script } from './scripts';

/** How campaigns name the provider; workers are told where it is. */
export const PROVIDER = '${PROVIDER_URL}';
export const EXPERT = 'scripted-expert';
export const JUDGE = 'scripted-judge';

/** Who asks for something, for the record. */
export const TESTER = { who: 'tester', why: 'for the test' };

/**
 * Real Temporal, S3 and workers; models that a test scripts; and a proxy that does to the workers' S3 connections what
 * networks do. Everything ends with the test file.
 */
export class FaultSystem {
  /** Told of each exchange of the workers with S3. */
  onExchange: (exchange: Exchange) => void = () => undefined;
  readonly campaigns: Campaigns;
  /** What the workers that run were started with. */
  private running: string | null = null;
  private readonly buckets: ArtifactStore[] = [];

  private constructor(
    readonly system: ControlledSystem,
    readonly provider: Provider,
    readonly s3: FaultProxy,
    readonly client: Client,
    /** Not by way of the proxy. */
    readonly store: ArtifactStore,
  ) {
    this.campaigns = new Campaigns(client);
  }

  static async open(): Promise<FaultSystem> {
    const system = await ControlledSystem.start();
    await system.startStore();
    const { TEMPORAL_ADDRESS: address = '', S3_ENDPOINT: endpoint = '' } = system.environment;
    const observe = (exchange: Exchange) => faults.onExchange(exchange);
    const faults: FaultSystem = new FaultSystem(
      system,
      await Provider.start(script),
      await startHttpProxy({ upstream: Number(new URL(endpoint).port), seed: 1, observe }),
      new Client({ connection: await Connection.connect({ address }) }),
      openStore(system),
    );
    await faults.store.prepare();
    return faults;
  }

  async close(): Promise<void> {
    await this.system.stop('workers');
    await this.s3.close();
    await this.provider.stop();
    for (const store of [this.store, ...this.buckets]) store.close();
    await this.client.connection.close();
    await this.system.close();
  }

  /** The provider answers by its script again, and nothing has been asked. */
  reset(): void {
    this.provider.answer = script;
    this.provider.latencyMs = 0;
    this.provider.calls.length = 0;
    this.onExchange = () => undefined;
  }

  /** Workers of all queues with these variables, unless they run already. */
  async startWorkers(variables: Record<string, string> = {}): Promise<void> {
    const given = {
      S3_ENDPOINT: `http://127.0.0.1:${this.s3.port}`,
      PROVIDER_URL: this.provider.baseUrl,
      ...variables,
    };
    if (this.running === JSON.stringify(given)) return;
    await this.system.startWorkers(given);
    this.running = JSON.stringify(given);
  }

  async killWorkers(): Promise<void> {
    this.running = null;
    await this.system.kill('workers');
  }

  /** `pi-loop up` starts it again, over the same database. */
  killTemporal(): void {
    const server = commandsBelow(process.pid).find(({ command }) => command.includes('server start-dev'));
    if (!server) throw new Error('no Temporal server runs');
    process.kill(server.pid, 'SIGKILL');
  }

  /** Resolves as soon as the S3 server has answered such a request of a worker. */
  exchange(method: string, path: RegExp): Promise<void> {
    return new Promise((resolve) => {
      this.onExchange = (exchange) => {
        if (exchange.method === method && path.test(exchange.path)) resolve();
      };
    });
  }

  /**
   * Puts the plan of a small campaign into the store: conversations of the scripted expert with itself, the filter on
   * them, the expert's evaluation. @returns its digest
   */
  async plan(
    name: string,
    change: (spec: Spec) => void = () => undefined,
    store = this.store,
  ): Promise<string> {
    const file = this.system.campaignFile(name, TINY, (spec) => {
      makeScripted(spec);
      // Campaigns of one seed would share their stages.
      spec['seed'] = seedOf(0, name);
      change(spec);
    });
    const resolved = await resolveCampaign(file, { campaign: name });
    const uploaded = await store.getJson(await resolved.upload(store), Plan);
    return (await store.putJson(withoutTraining(uploaded), 'plan.json')).digest.sha256;
  }

  /** A bucket of its own, not by way of the proxy. Closed with the system. */
  async bucket(name: string): Promise<ArtifactStore> {
    const store = openStore(this.system, name);
    this.buckets.push(store);
    await store.prepare();
    return store;
  }

  /** Starts the plan of that name. */
  async start(name: string, change?: (spec: Spec) => void): Promise<Campaign> {
    const plan = await this.plan(name, change);
    return (await this.campaigns.start({ campaign: name, plan })).campaign;
  }
}

function openStore(system: ControlledSystem, bucket = 'pi-loop'): ArtifactStore {
  const { S3_ENDPOINT: endpoint, AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = system.environment;
  const credentials = { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY };
  return new ArtifactStore({ endpoint, region: 'us-east-1', bucket, credentials });
}

function makeScripted(spec: Spec): void {
  const { expert, partner, judge } = spec['models'];
  Object.assign(expert, { baseUrl: PROVIDER, model: EXPERT });
  Object.assign(partner, { baseUrl: PROVIDER, model: EXPERT });
  Object.assign(judge, { baseUrl: PROVIDER, model: JUDGE });
  const [round] = spec['rounds'];
  spec['rounds'] = [{ ...round, tasks: 3, pairsPerTask: 4 }];
  spec['evaluation'] = { tasks: 2, bootstrapSamples: 100 };
}

/** A stage of a campaign as it is now; undefined while no worker answers. */
export async function stageOf(campaign: Campaign, id: string): Promise<StageProgress | undefined> {
  const { progress } = await campaign.status();
  return progress?.stages.find((stage) => stage.id === id);
}

export const untilStage = (campaign: Campaign, id: string, state: StageProgress['state']): Promise<void> =>
  until(
    `stage ${id} of ${campaign.id} is ${state}`,
    async () => (await stageOf(campaign, id))?.state === state,
  );

/** Waits until nothing runs any more, because of what is parked. */
export const untilStill = (campaign: Campaign): Promise<void> =>
  until(`nothing of ${campaign.id} runs`, async () => (await campaign.status()).state === 'parked');

/** Waits until a stage is parked. @returns why */
export async function untilParked(campaign: Campaign, id: string): Promise<Parking> {
  let parking: Parking | null | undefined;
  await until(`stage ${id} of ${campaign.id} is parked`, async () => {
    const stage = await stageOf(campaign, id);
    parking = stage?.state === 'parked' ? stage.parking : null;
    return Boolean(parking);
  });
  if (!parking) throw new Error(`stage ${id} is not parked`);
  return parking;
}
