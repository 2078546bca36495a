import { parseArgs } from 'node:util';
import { BatchedModels } from '../../activities/models/batchApi/batchedModels';
import { CampaignBudgets } from '../../activities/models/budget/campaignBudgets';
import { LanguageModels } from '../../activities/models/languageModels';
import { type AskModel, ModelAccess } from '../../activities/models/modelAccess';
import { RateLimits } from '../../activities/models/rateLimits/rateLimits';
import { limitsFrom } from '../../activities/models/rateLimits/readProviderSettings';
import { SnapshotWatch } from '../../activities/models/snapshots/snapshotWatch';
import { createEnvironment } from '../../activities/support/environment';
import { ArtifactStore } from '../../artifacts/artifactStore';
import { ModelSpec } from '../../schemas/model';
import { LIMITED_MODEL } from './provider';

/**
 * A worker that does nothing but ask a model on the accounts of some campaigns, until it is killed. Its calls go the
 * way of a campaign's.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      provider: { type: 'string', default: '' },
      campaigns: { type: 'string', default: '' },
      'at-once': { type: 'string', default: '40' },
      'requests-per-minute': { type: 'string', default: '' },
      'clock-ahead-ms': { type: 'string', default: '0' },
    },
  });
  setClock(Number(values['clock-ahead-ms']));
  const access = openAccess(values.provider, Number(values['requests-per-minute']));
  const model = ModelSpec.parse({ baseUrl: values.provider, model: LIMITED_MODEL });
  const { signal } = new AbortController();
  console.log(JSON.stringify({ event: 'ready' }));
  await Promise.all(
    values.campaigns.split(',').map((campaign) => {
      const messages = [{ role: 'user' as const, content: campaign }];
      const askOn = async (ask: AskModel) => {
        for (let seed = 0; ; seed += 1) await ask({ model, role: 'expert', messages, seed, signal });
      };
      const account = { campaign, stage: 'collect', limits: { modelCalls: null } };
      return access.whileUsed(account, (ask) =>
        Promise.all(Array.from({ length: Number(values['at-once']) }, () => askOn(ask))),
      );
    }),
  );
}

/** As on a host whose clock is wrong. */
function setClock(aheadMs: number): void {
  const now = Date.now.bind(Date);
  Date.now = () => now() + aheadMs;
}

function openAccess(baseUrl: string, requestsPerMinute: number): ModelAccess {
  const { S3_ENDPOINT: endpoint, AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = process.env;
  const credentials = { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY };
  const store = new ArtifactStore({ endpoint, region: 'us-east-1', bucket: 'pi-loop', credentials });
  const environment = createEnvironment({});
  const models = new LanguageModels(environment);
  const settings = limitsFrom({ providers: [{ baseUrl, requestsPerMinute }] }, environment);
  const limits = new RateLimits({ store, environment, settings });
  const batched = new BatchedModels(models, store);
  return new ModelAccess(models, new CampaignBudgets(store), batched, new SnapshotWatch(store), limits);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
