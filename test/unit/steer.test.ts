import {
  ApplicationFailure,
  ServiceError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import type { CampaignHandle } from '../../client/campaignHandle';
import { steer } from '../../client/steer';
import type { SteeringRecord } from '../../schemas/steering';
import { pause, STEERING_REFUSED } from '../../workflows/messages';

const request = { request: 'one-request', who: 'anna', why: 'the machine is needed' };
const record: SteeringRecord = {
  ...request,
  number: 1,
  at: '2026-01-01T00:00:00.000Z',
  kind: 'pause',
  stages: [],
  changes: [],
  plan: null,
  refused: null,
};

const grpc = (code: number) => Object.assign(new Error('grpc'), { code, details: 'grpc', metadata: {} });
const unavailable = () => new ServiceError('Workflow Update failed', { cause: grpc(14) });
const notFound = () =>
  new WorkflowNotFoundError('workflow execution already completed', 'campaign/x', undefined);
const failed = (type: string, message: string) =>
  new WorkflowUpdateFailedError('Workflow Update failed', ApplicationFailure.nonRetryable(message, type));

interface Answers {
  /** What each try meets; after that the campaign answers. */
  errors?: Error[];
  /** What Temporal says of the workflow; null: there is none. */
  state?: string | null;
}

/** A campaign that answers as it is told, and notes the ids of what it was asked. */
function campaign({ errors = [], state = 'RUNNING' }: Answers) {
  const asked: unknown[] = [];
  const handle = {
    workflowId: 'campaign/x',
    executeUpdate: async (_update: unknown, { args, updateId }: { args: unknown[]; updateId: string }) => {
      asked.push([updateId, ...args]);
      const error = errors[asked.length - 1];
      if (error) throw error;
      return record;
    },
    describe: async () => {
      if (state === null) throw notFound();
      return { status: { name: state } };
    },
  } as unknown as CampaignHandle;
  const client = { withDeadline: <R>(_deadline: number | Date, ask: () => Promise<R>) => ask() };
  const patience = { answerMs: 1_000, totalMs: 60_000, pauseMs: 0 };
  return { asked, ask: (over = {}) => steer(client, handle, pause, request, { ...patience, ...over }) };
}

test('what passes is waited out, and every try is the same request', async () => {
  const errors = [
    unavailable(),
    new WorkflowUpdateRPCTimeoutOrCancelledError('deadline'),
    failed('AcceptedUpdateCompletedWorkflow', 'the run ended'),
    notFound(),
  ];
  const { asked, ask } = campaign({ errors });
  await expect(ask()).resolves.toEqual(record);
  expect(asked).toEqual(Array(5).fill([request.request, request]));
});

test('a refusal is told as the campaign says it, and is not asked again', async () => {
  const { asked, ask } = campaign({ errors: [failed(STEERING_REFUSED, 'There is no stage "x".')] });
  await expect(ask()).rejects.toMatchObject({ code: 'REFUSED', message: 'There is no stage "x".' });
  expect(asked).toHaveLength(1);
});

test.each(['COMPLETED', 'CANCELLED', 'TERMINATED'])('a campaign that is %s has ended', async (state) => {
  const { ask } = campaign({ errors: [notFound()], state });
  await expect(ask()).rejects.toMatchObject({
    code: 'ENDED',
    message: expect.stringContaining(`"x" is ${state.toLowerCase()}`),
  });
});

test('a campaign that never was is told as such', async () => {
  const { ask } = campaign({ errors: [notFound()], state: null });
  await expect(ask()).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('a campaign that does not answer in time is given up, with a word on what was asked', async () => {
  const { ask } = campaign({ errors: Array.from({ length: 9 }, unavailable) });
  await expect(ask({ totalMs: 0 })).rejects.toMatchObject({
    code: 'UNREACHABLE',
    message: expect.stringMatching(/"x" does not answer.*may still be done/),
  });
});

test.each([
  ['a mistake of the caller', new ServiceError('Workflow Update failed', { cause: grpc(3) })],
  ['a failure within the campaign', failed('TypeError', 'undefined is not a function')],
])('%s is neither hidden nor tried again', async (_name, error) => {
  const { asked, ask } = campaign({ errors: [error] });
  await expect(ask()).rejects.toBe(error);
  expect(asked).toHaveLength(1);
});
