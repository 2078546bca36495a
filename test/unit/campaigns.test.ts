import { type Client, WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import { Campaigns } from '../../client/campaigns';

const run = (campaign: string, minute: number, state: string, waiting?: string) => ({
  workflowId: `campaign/${campaign}`,
  startTime: new Date(Date.UTC(2026, 0, 1, 12, minute)),
  closeTime: state === 'RUNNING' ? undefined : new Date(Date.UTC(2026, 0, 1, 13, minute)),
  status: { name: state },
  memo: { plan: 'p', ...(waiting === undefined ? {} : { waiting }) },
});

/** Temporal with these runs, newest last; a campaign's workers follow plan `p`. */
function temporal(runs: ReturnType<typeof run>[]): Client {
  const find = (workflowId: string) => runs.findLast((one) => one.workflowId === workflowId);
  const workflow = {
    list: async function* () {
      yield* runs;
    },
    start: async (_type: string, { workflowId }: { workflowId: string }) => {
      if (find(workflowId)?.status.name === 'RUNNING')
        throw new WorkflowExecutionAlreadyStartedError('it runs', workflowId, 'trainingCampaign');
    },
    getHandle: (workflowId: string) => ({
      workflowId,
      query: async () => ({ plan: 'p' }),
      describe: async () => {
        const found = find(workflowId);
        if (!found) throw new WorkflowNotFoundError('none', workflowId, undefined);
        return found;
      },
    }),
  };
  const withDeadline = <R>(_deadline: number | Date, ask: () => Promise<R>) => ask();
  return { workflow, withDeadline } as unknown as Client;
}

describe('the list of campaigns', () => {
  test('runs that were continued as new ones are one campaign, from its first start', async () => {
    const runs = [
      run('a', 1, 'CONTINUED_AS_NEW'),
      run('b', 2, 'COMPLETED'),
      run('a', 3, 'CONTINUED_AS_NEW'),
      run('a', 4, 'RUNNING', 'parked'),
    ];
    expect(await new Campaigns(temporal(runs)).list()).toEqual([
      { campaign: 'a', state: 'parked', startedAt: '2026-01-01T12:01:00.000Z', closedAt: null },
      {
        campaign: 'b',
        state: 'completed',
        startedAt: '2026-01-01T12:02:00.000Z',
        closedAt: '2026-01-01T13:02:00.000Z',
      },
    ]);
  });

  test('a campaign that was started anew after its end is there twice', async () => {
    const runs = [run('a', 1, 'CONTINUED_AS_NEW'), run('a', 2, 'CANCELLED'), run('a', 3, 'RUNNING')];
    const listed = await new Campaigns(temporal(runs)).list();
    expect(listed.map(({ state, startedAt }) => [state, startedAt.slice(11, 16)])).toEqual([
      ['running', '12:03'],
      ['cancelled', '12:01'],
    ]);
  });
});

describe('starting a campaign', () => {
  const running = new Campaigns(temporal([run('a', 1, 'RUNNING')]));

  test('joins the one that follows the same plan', async () => {
    expect(await running.start({ campaign: 'a', plan: 'p' })).toMatchObject({ joined: true });
    expect(await running.start({ campaign: 'b', plan: 'p' })).toMatchObject({ joined: false });
  });

  test('of another plan is refused with the way to follow it', async () => {
    await expect(running.start({ campaign: 'a', plan: 'other' })).rejects.toMatchObject({
      code: 'OTHER_PLAN',
      message: expect.stringContaining('`pi-loop amend a FILE`'),
    });
  });

  test('and none is found that was never started', async () => {
    await expect(running.find('nowhere')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
