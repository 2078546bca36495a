// Adds this version's workflow histories to test/replay/histories: `npm run build && node scripts/recordHistories.mjs`.
// Runs test/fixtures/tiny.yaml twice on a local runtime of its own; see test/replay/README.md.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const { Campaigns } = require('../dist/client/campaigns.js');
const { archiveHistories } = require('../dist/cli/archiveHistories.js');
const { connect } = require('../dist/cli/connect.js');
const { resolveCampaign } = require('../dist/cli/resolveCampaign.js');
const { startLocalRuntime } = require('../dist/deploy/local/localRuntime.js');
const { version } = require('../package.json');

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CAMPAIGN = path.join(ROOT, 'test/fixtures/tiny.yaml');
const CORPUS = path.join(ROOT, 'test/replay/histories', version);
/** A shard whose players are models, and one whose contestant is a served policy. */
const SHARDS = ['BC_collect_episodes-0', 'evaluate_BC_episodes-0'];

const state = mkdtempSync(path.join(tmpdir(), 'pi-loop-record-'));
const runtime = await startLocalRuntime({ stateDirectory: state });
try {
  await record();
} finally {
  await runtime.stop();
  rmSync(state, { recursive: true, force: true });
}

async function record() {
  const { client, store, close } = await connect(state);
  try {
    const computed = await archivedRun('computed', client, store);
    const reused = await archivedRun('reused', client, store);
    rmSync(CORPUS, { recursive: true, force: true });
    mkdirSync(CORPUS, { recursive: true });
    keep(computed, 'campaign_computed', 'campaign');
    keep(reused, 'campaign_reused', 'campaign-reused');
    for (const shard of SHARDS) keep(computed, `campaign_computed_${shard}`, `shard-${shard}`);
  } finally {
    await close();
  }
}

/** @returns the folder with the histories of a whole campaign */
async function archivedRun(campaign, client, store) {
  const resolved = await resolveCampaign(CAMPAIGN, { campaign });
  const plan = await resolved.upload(store);
  const started = await new Campaigns(client).start({ campaign, plan });
  await started.campaign.result();
  const { directory, largestPayload } = await archiveHistories(client, campaign, path.join(state, campaign));
  process.stderr.write(`campaign "${campaign}": largest payload ${largestPayload} bytes\n`);
  return directory;
}

/** Copies the history of a workflow into the corpus, without the names of the machine that made it. */
function keep(directory, workflow, name) {
  const files = readdirSync(directory);
  const file = files.find((one) => one.startsWith(`${workflow}.`));
  if (file === undefined) throw new Error(`no history of ${workflow} in ${files.join(', ')}`);
  const history = anonymous(readFileSync(path.join(directory, file), 'utf8'));
  writeFileSync(path.join(CORPUS, `${name}.json`), history);
  process.stderr.write(`${name}.json: ${history.length} bytes\n`);
}

/** Who polled (`pid@host`, in sticky queues' names too) and where a failure was thrown play no part in a replay. */
function anonymous(text) {
  const recorded = JSON.parse(text, (member, value) => {
    if (member === 'stackTrace') return '';
    return typeof value === 'string' && /^\d+@/.test(value) ? 'recorded' : value;
  });
  return `${JSON.stringify(recorded)}\n`;
}
