import { ServedPolicies } from '../../activities/support/servedPolicies';
import type { ArtifactStore } from '../../artifacts/artifactStore';
import type { BatchProgress } from '../../schemas/batch';
import type { Player } from '../../schemas/episode';
import { model } from '../support/activities';
import type { ChatServer } from '../support/chatServer';
import { batchTests, onlyEpisode } from '../support/episodeBatches';
import { freePort } from '../support/objectStore';
import { isTurn, LINES, script } from '../support/scripts';

const { batch, chatServer } = batchTests();

const DIGEST = 'a'.repeat(64);
const policy: Player = {
  kind: 'policy',
  digest: DIGEST,
  template: 'compact-v1',
  sampling: { temperature: 1, topP: 1, maxTokens: 28 },
};
const SERVED = { digest: () => DIGEST, fingerprint: () => `sha256:${DIGEST}` };
const FOREIGN = 'b'.repeat(64);

const announce = (store: ArtifactStore, baseUrl: string) =>
  new ServedPolicies(store).announce({ digest: DIGEST, baseUrl, model: 'policy', holder: 'test' });

/** A conversation of the policy with itself, rated by a judge who is a model of the same server. */
const selfPlay = ({ baseUrl }: Pick<ChatServer, 'baseUrl'>) =>
  batch({ players: [policy, policy], judge: model(baseUrl, 'judge') });

const isWaiting = ({ waiting }: BatchProgress) => waiting !== null;

describe('a policy', () => {
  test('plays when its server proves the digest, which each turn then carries', async () => {
    const server = await chatServer(script, SERVED);
    const { store, finish } = await selfPlay(server);
    await announce(store, server.baseUrl);
    const { episode } = await onlyEpisode(store, await finish());
    expect(episode.models).toEqual([`policy:${DIGEST}`, `policy:${DIGEST}`]);
    expect(episode.turns.map(({ call }) => call.servedDigest)).toEqual(LINES.map(() => DIGEST));
  });

  test.each([
    ['another digest', FOREIGN],
    ['no digest', undefined],
  ])(
    'whose server says %s is not asked for a single turn, until the right one is served',
    async (_what, said) => {
      let served = said;
      const server = await chatServer(script, { ...SERVED, digest: () => served });
      const { store, start } = await selfPlay(server);
      await announce(store, server.baseUrl);
      const running = start();
      expect((await running.progress(isWaiting)).waiting?.type).toBe('POLICY_DIGEST_MISMATCH');
      expect(server.asked).toEqual([]);
      served = DIGEST;
      expect((await onlyEpisode(store, await running.result)).row.turns).toBe(LINES.length);
    },
  );

  test('whose answer carries another digest than was proven: the answer is not used, and it is proven anew', async () => {
    const proofs = jest.fn(SERVED.digest);
    const server = await chatServer(
      (request, number) => (number === 0 ? 'by somebody else .' : script(request)),
      {
        digest: proofs,
        fingerprint: () => `sha256:${server.asked.length === 1 ? FOREIGN : DIGEST}`,
      },
    );
    const { store, finish } = await selfPlay(server);
    await announce(store, server.baseUrl);
    const { episode } = await onlyEpisode(store, await finish());
    expect(episode.turns[0]?.action.argument).toBe(LINES[0]);
    expect(proofs).toHaveBeenCalledTimes(2);
  });

  test.each<[string, (store: ArtifactStore) => Promise<void>]>([
    ['that nobody serves yet', async () => undefined],
    ['whose server has gone', async (store) => announce(store, `http://127.0.0.1:${await freePort()}/v1`)],
  ])('%s is looked for until it is served, in the same attempt', async (_what, prepare) => {
    const server = await chatServer(script, SERVED);
    const { store, start } = await selfPlay(server);
    await prepare(store);
    const running = start();
    expect((await running.progress(isWaiting)).waiting?.type).toBe('POLICY_NOT_SERVED');
    await announce(store, server.baseUrl);
    expect((await onlyEpisode(store, await running.result)).row.turns).toBe(LINES.length);
  });

  test('whose port another server took in the meantime is looked for again, not given up', async () => {
    const foreign = [{ status: 404 }, { status: 401 }];
    const server = await chatServer(
      (request) => (isTurn(2)(request) && foreign.shift()) || script(request),
      SERVED,
    );
    const { store, finish } = await selfPlay(server);
    await announce(store, server.baseUrl);
    expect((await onlyEpisode(store, await finish())).row.turns).toBe(LINES.length);
    expect(server.asked.filter(isTurn(2))).toHaveLength(3);
  });
});
