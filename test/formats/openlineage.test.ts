import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '../../artifacts/canonicalJson';
import { readCampaign } from '../../audit/readCampaign';
import { ExportFolder } from '../../cli/export/exportFolder';
import { EVENTS_FILE, exportOpenLineage } from '../../cli/export/openlineage';
import { postEvents } from '../../cli/export/postEvents';
import { Screening } from '../../cli/export/screened';
import { runEvents } from '../../formats/openlineage/events';
import type { LogEvent, LogEntry } from '../../schemas/campaignLog';
import { exportedCampaign } from '../support/exportedCampaign';
import { validate } from '../support/validators';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'openlineage-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

async function exported(name: string): Promise<string> {
  const { bucket, id } = exportedCampaign();
  const folder = new ExportFolder(join(home, name), new Screening());
  await exportOpenLineage(bucket, await readCampaign(bucket, id), folder);
  await folder.finish(false);
  return join(folder.path, EVENTS_FILE);
}

test('OpenLineage’s client reads the events of a campaign without a log; each run starts once and ends once', async () => {
  const file = await exported('one');
  await expect(validate('openlineage_events.py', [file])).resolves.toEqual({
    events: 8,
    runs: Array.from({ length: 4 }, () => ['START', 'COMPLETE']),
  });
  expect(readFileSync(await exported('two'), 'utf8')).toBe(readFileSync(file, 'utf8'));
});

test('what one stage wrote and another read is one dataset, named by its place in the store', async () => {
  const events = readFileSync(await exported('one'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const ended = (name: string) =>
    events.find(({ job, eventType }) => job.name === name && eventType === 'COMPLETE');
  const [tasks] = ended('small.tasks').outputs;
  expect(tasks).toMatchObject({
    namespace: 's3://memory',
    name: expect.stringMatching(/^blobs\/sha256\/[0-9a-f]{64}$/),
  });
  expect(ended('small.BC/collect').inputs.map(({ name }: { name: string }) => name)).toContain(tasks.name);
  expect(ended('small.BC/collect').outputs[0].outputFacets.sotopia_rating).toMatchObject({
    episodes: 3,
    unrated: 1,
  });
  expect(ended('small.BC/collect').run.facets.parent.job.name).toBe('small');
});

const key = sha256('key');
const entries = (...events: LogEvent[]): LogEntry[] =>
  events.map((event, index) => ({
    campaign: 'c',
    number: index + 1,
    previous: null,
    id: `entry-${index}`,
    at: `2026-11-25T00:00:0${index}.000Z`,
    actor: 'workflow',
    reason: '',
    event,
  }));
const started: LogEvent = { kind: 'campaign-started', plan: key, parent: null };
const stageStarted: LogEvent = { kind: 'stage-started', stage: 'BC/collect', key };
const parked: LogEvent = {
  kind: 'stage-parked',
  stage: 'BC/collect',
  type: 'MODEL_UNAUTHORIZED',
  message: 'no key',
  tries: 1,
  nextTryAt: null,
};
const typesOf = async (...events: LogEvent[]): Promise<unknown> => {
  const told = runEvents({ campaign: 'c', simulated: false, stages: [], log: entries(...events) });
  const file = join(home, 'events.ndjson');
  writeFileSync(file, told.map((event) => JSON.stringify(event)).join('\n'));
  await validate('openlineage_events.py', [file]);
  return told.map(({ eventType, job, eventTime }) => `${eventTime.slice(17, 19)} ${job.name} ${eventType}`);
};

test('a stage that is parked and goes on is one run, whose trouble is told', async () => {
  const finished: LogEvent = {
    kind: 'stage-finished',
    stage: 'BC/collect',
    key,
    manifest: key,
    reused: false,
    calls: 3,
  };
  await expect(typesOf(started, stageStarted, parked, stageStarted, finished)).resolves.toEqual([
    '00 c START',
    '01 c.BC/collect START',
    '02 c.BC/collect OTHER',
    '04 c.BC/collect COMPLETE',
  ]);
});

test('a stage that was amended is another run, and that of the old key is over', async () => {
  const amended: LogEvent = { kind: 'stage-started', stage: 'BC/collect', key: sha256('other') };
  await expect(typesOf(started, stageStarted, parked, amended)).resolves.toEqual([
    '00 c START',
    '01 c.BC/collect START',
    '02 c.BC/collect OTHER',
    '03 c.BC/collect ABORT',
    '03 c.BC/collect START',
  ]);
});

test('a cancelled campaign and its open stages are aborted; one that failed has failed', async () => {
  const stopped = (type: string): LogEvent => ({ kind: 'campaign-stopped', type, message: 'said so' });
  await expect(typesOf(started, stageStarted, stopped('cancelled'))).resolves.toEqual([
    '00 c START',
    '01 c.BC/collect START',
    '02 c.BC/collect ABORT',
    '02 c ABORT',
  ]);
  await expect(typesOf(started, stopped('ApplicationFailure'))).resolves.toEqual(['00 c START', '01 c FAIL']);
});

describe('sending', () => {
  let server: Server;
  let url: string;
  let answers: number[];
  let requests: { path: string | undefined; authorization: string | undefined; body: string }[];

  beforeEach(async () => {
    [answers, requests] = [[], []];
    server = createServer((request, response) => {
      void bodyOf(request).then((body) => {
        requests.push({ path: request.url, authorization: request.headers.authorization, body });
        response.writeHead(answers.shift() ?? 201).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => void server.close());

  const send = (...events: string[]) => postEvents(events, { url, apiKey: 'secret', pauseMs: 1 });

  test('each event goes to the usual path with the key, in order', async () => {
    await send('{"a":1}', '{"b":2}');
    const authorization = 'Bearer secret';
    expect(requests).toEqual([
      { path: '/api/v1/lineage', authorization, body: '{"a":1}' },
      { path: '/api/v1/lineage', authorization, body: '{"b":2}' },
    ]);
  });

  test('a server that is busy or down for a moment is asked again', async () => {
    answers = [503, 429, 201];
    await send('{}');
    expect(requests).toHaveLength(3);
  });

  test('a refusal says which event and why, and is not tried again', async () => {
    answers = [201, 422];
    await expect(send('{}', '{}', '{}')).rejects.toThrow(/did not take event 2 of 3: status 422/);
    expect(requests).toHaveLength(2);
    answers = [401];
    await expect(send('{}')).rejects.toThrow(/is OPENLINEAGE_API_KEY right\?/);
  });

  test('tries end, whether the server stays down or is not there', async () => {
    answers = [500, 500, 500, 500, 500];
    await expect(send('{}')).rejects.toThrow(/status 500, 4 times/);
    expect(requests).toHaveLength(4);
    await new Promise((resolve) => server.close(resolve));
    await expect(send('{}')).rejects.toThrow(/ECONNREFUSED.*4 times/);
  });
});

async function bodyOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString();
}
