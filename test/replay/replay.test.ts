import { hostname, userInfo } from 'node:os';
import {
  bundleWorkflowCode,
  DefaultLogger,
  makeTelemetryFilterString,
  Runtime,
  Worker,
} from '@temporalio/worker';
import { largestPayload } from '../support/largestPayload';
import { CHECKOUT } from '../../deploy/local/checkout';
import { payloadsOf, type StoredHistory, storedHistories } from './histories';

/** Issue: the largest payload in any history, in bytes. */
const LARGEST_PAYLOAD = 64 * 1024;

/** What must not leave the machine where histories were recorded. Matches are listed, so that a failure stays short. */
const TRACES = {
  folder: /(?:^|[\s"'=(:])\/(?:home|root|tmp|var|work|Users|private|opt|usr)\/.{0,40}/gm,
  windowsFolder: /\b[A-Z]:\\\\.{0,40}/g,
  address: /\b\d{1,3}(?:\.\d{1,3}){3}\b|\blocalhost\b/g,
  process: /\b\d+@[\w.-]+/g,
  key: /secretKey|accessKey|password|api_?key|bearer |pi-loop-[0-9a-f]{12}|\bsk-[A-Za-z0-9]{16}/gi,
};

/** A run that does nothing but wait. */
const waits = ({ input }: StoredHistory): boolean => input.includes('"quiet":true');

beforeAll(() =>
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    // A caught change is what half of the tests ask for; it need not be warned of.
    telemetryOptions: { logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'ERROR' }) } },
  }),
);

const histories = storedHistories();
const names = histories.map(({ name }) => name);

/** What a replay of each stored history says against the given workflow code. */
async function replayAll(workflowsPath: string): Promise<Map<string, Error | undefined>> {
  const workflowBundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  const verdicts = new Map<string, Error | undefined>();
  // One by one: the results of several come in the order in which they end.
  for (const { name, workflowId, history } of histories) {
    for await (const { error } of Worker.runReplayHistories({ workflowBundle }, [{ workflowId, history }])) {
      verdicts.set(name, error);
    }
  }
  return verdicts;
}

describe('today’s workflows', () => {
  let verdicts: Map<string, Error | undefined>;
  beforeAll(async () => {
    verdicts = await replayAll(require.resolve('../../workflows'));
  });

  test.each(names)('go on with %s where it was', (name) => {
    expect(verdicts.has(name)).toBe(true);
    expect(verdicts.get(name)).toBeUndefined();
  });

  test('each kind of workflow is in the corpus', () => {
    const types = histories.map(({ text }) => /"workflowType":\{"name":"(\w+)"\}/.exec(text)?.[1]);
    expect(new Set(types)).toEqual(new Set(['trainingCampaign', 'episodeCollection']));
  });
});

describe('workflows with one step more in what works', () => {
  let verdicts: Map<string, Error | undefined>;
  beforeAll(async () => {
    verdicts = await replayAll(require.resolve('./changedWorkflows'));
  });

  test.each(histories.filter((one) => !waits(one)).map(({ name }) => name))('are caught by %s', (name) => {
    expect(verdicts.get(name)?.name).toBe('DeterminismViolationError');
  });

  test.each(histories.filter(waits).map(({ name }) => name))('go on with %s, which waits', (name) => {
    expect(verdicts.get(name)).toBeUndefined();
  });
});

describe.each(histories)('$name', ({ text }) => {
  test('holds no payload above 64 KiB, and more than none', () => {
    expect(largestPayload(text)).toBeGreaterThan(100);
    expect(largestPayload(text)).toBeLessThanOrEqual(LARGEST_PAYLOAD);
  });

  test('names no machine, folder, address or key of who recorded it', () => {
    const contents = [text, ...payloadsOf(text)].join('\n');
    for (const trace of Object.values(TRACES)) expect(contents.match(trace)).toBeNull();
    const own = [CHECKOUT, hostname(), userInfo().username].filter((name) => name.length > 4);
    expect(own.filter((name) => contents.includes(name))).toEqual([]);
  });
});

test('the measure of payloads reads the SDK’s own form: indented, with payloads anywhere', () => {
  const data = Buffer.from('x'.repeat(3000)).toString('base64');
  const payload = { metadata: { encoding: 'anNvbi9wbGFpbg==' }, data };
  const history = {
    events: [
      { input: { payloads: [{ data: 'eA==' }] } },
      { failure: { cause: { details: { payloads: [payload] } } } },
    ],
  };
  expect(largestPayload(JSON.stringify(history, null, 2))).toBe(3000);
  expect(largestPayload('{"events":[]}')).toBe(0);
});
