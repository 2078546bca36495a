// Adds this version's workflow histories and artifacts to test/replay: `npm run build && node scripts/recordHistories.mjs`.
// Runs test/fixtures/tiny.yaml three times on a local runtime of its own; see test/replay/README.md.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { recordArtifacts } from './recordArtifacts.mjs';

const require = createRequire(import.meta.url);
const { Campaigns } = require('../dist/client/campaigns.js');
const { readLog } = require('../dist/artifacts/campaignLog.js');
const { connect } = require('../dist/cli/connect.js');
const { resolveCampaign } = require('../dist/cli/resolveCampaign.js');
const { startLocalRuntime } = require('../dist/deploy/local/localRuntime.js');
const { Plan } = require('../dist/schemas/plan.js');
const { version } = require('../package.json');

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CAMPAIGN = path.join(ROOT, 'test/fixtures/tiny.yaml');
const CORPUS = path.join(ROOT, 'test/replay/histories', version);
const ARTIFACTS = path.join(ROOT, 'test/replay/artifacts', version);
/** A collection whose players are models, and one whose contestant is a served policy. */
const COLLECTIONS = ['BC_collect', 'evaluate_BC'];
const GATED = 'BC/train';
const ASKED = { who: 'recorder', why: 'for the corpus' };

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
    const computed = await archivedRun('computed', client, store, async (campaign) =>
      recordArtifacts(store, await campaign.result(), ARTIFACTS),
    );
    const reused = await archivedRun('reused', client, store, (campaign) => campaign.result());
    const steered = await archivedRun('steered', client, store, steer, withGate);
    rmSync(CORPUS, { recursive: true, force: true });
    mkdirSync(CORPUS, { recursive: true });
    keep(computed, 'campaign_computed', 'campaign');
    keep(reused, 'campaign_reused', 'campaign-reused');
    for (const collection of COLLECTIONS)
      keep(computed, `campaign_computed_${collection}`, `collection-${collection}`);
    keepAll(steered, 'campaign_steered', 'campaign-steered');
  } finally {
    await close();
  }
}

/** @returns the folder with the histories of a whole campaign */
async function archivedRun(id, client, store, follow, change = (plan) => plan) {
  const resolved = await resolveCampaign(CAMPAIGN, { campaign: id });
  const planned = await resolved.upload(store);
  const { digest } = await store.putJson(change(await store.getJson(planned, Plan)), 'plan.json');
  const { campaign } = await new Campaigns(client).start({ campaign: id, plan: digest.sha256 });
  await follow(campaign);
  await campaign.archived();
  return writeArchived(store, id, path.join(state, id));
}

/** Writes the histories that the store has of a campaign. @returns the folder */
async function writeArchived(store, id, directory) {
  mkdirSync(directory, { recursive: true });
  const log = await readLog(store, id);
  const archived = log.flatMap(({ entry: { event } }) =>
    event.kind === 'histories-archived' ? event.histories : [],
  );
  for (const { workflow, run, history } of archived)
    writeFileSync(
      path.join(directory, `${workflow.replaceAll('/', '_')}.${run}.json`),
      await store.getText(history),
    );
  return directory;
}

function withGate(plan) {
  const gated = (stage) => (stage.id === GATED ? { ...stage, gate: 'Go on?' } : stage);
  return { ...plan, stages: plan.stages.map(gated) };
}

/** Paused at a gate, resumed and approved: runs that work and runs that wait. */
async function steer(campaign) {
  await untilGated(campaign);
  await campaign.pause(ASKED);
  await campaign.resume(ASKED);
  await untilGated(campaign);
  await campaign.approve(GATED, ASKED);
  await campaign.result();
}

async function untilGated(campaign) {
  for (;;) {
    const { progress, activities } = await campaign.status();
    const stage = progress?.stages.find(({ id }) => id === GATED);
    if (stage?.state === 'gated' && activities.length === 0) return;
    await delay(200);
  }
}

/** Copies the histories of all runs of a workflow, in the order in which they began. */
function keepAll(directory, workflow, name) {
  const files = readdirSync(directory).filter((file) => file.startsWith(`${workflow}.`));
  const histories = files.map((file) => anonymous(readFileSync(path.join(directory, file), 'utf8')));
  const startOf = (history) => JSON.parse(history).events[0].eventTime;
  histories.sort((a, b) => startOf(a).localeCompare(startOf(b)));
  histories.forEach((history, index) => write(`${name}-${index + 1}`, history));
}

/** Copies the history of a workflow into the corpus, without the names of the machine that made it. */
function keep(directory, workflow, name) {
  const files = readdirSync(directory);
  const file = files.find((one) => one.startsWith(`${workflow}.`));
  if (file === undefined) throw new Error(`no history of ${workflow} in ${files.join(', ')}`);
  write(name, anonymous(readFileSync(path.join(directory, file), 'utf8')));
}

function write(name, history) {
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
