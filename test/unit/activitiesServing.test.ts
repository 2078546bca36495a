import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { CancelledFailure } from '@temporalio/activity';
import { createServingActivities } from '../../activities/serving';
import { BehaviourRecords } from '../../activities/serving/behaviour';
import { EngineBackend } from '../../activities/serving/engineBackend';
import { EnginePool } from '../../activities/serving/enginePool';
import { trainerEngine } from '../../activities/serving/trainerEngine';
import { leaseKey, ServedPolicies, ServingLease } from '../../activities/support/servedPolicies';
import { identityOf, isRunning } from '../../deploy/shared/processIdentity.cjs';
import type { ArtifactRef } from '../../schemas/artifact';
import { MEDIA_TYPES } from '../../schemas/names';
import { startAttempt } from '../support/activities';
import { type ChatServer, startChatServer } from '../support/chatServer';
import { freePort, type ObjectStore, startObjectStore } from '../support/objectStore';
import { until } from '../support/processes';
import { event, newKey, scriptedPython } from '../support/trainers';

// Where a policy is served and by whom: a lease only points, the answer under its own digest is the proof.

let objects: ObjectStore;
const servers: Pick<ChatServer, 'stop'>[] = [];
beforeAll(async () => {
  objects = await startObjectStore();
});
afterEach(() => Promise.all(servers.splice(0).map((server) => server.stop())));
afterAll(() => objects.stop());

/** A policy that no other test has. */
async function newPolicy(): Promise<ArtifactRef> {
  const name = 'model.safetensors';
  const { digest, bytes } = await objects.store.putText(newKey(), name, MEDIA_TYPES.binary);
  const files = [{ name, bytes, sha256: digest.sha256 }];
  return objects.store.putJson({ files }, 'policy', MEDIA_TYPES.directory);
}

async function serverOf(digest: () => string): Promise<ChatServer> {
  const server = await startChatServer(() => 'hello', { digest });
  servers.push(server);
  return server;
}

const announce = (digest: string, baseUrl: string, more: object = {}) =>
  objects.store.putDocument(leaseKey(digest), {
    digest,
    baseUrl,
    model: 'policy',
    holder: 'run/1/1',
    ...more,
  });
const leaseOf = (digest: string) => objects.store.getDocument(leaseKey(digest), ServingLease);
const endpointOf = (digest: string) => new ServedPolicies(objects.store).endpointOf(digest);

describe('a policy is found', () => {
  test('by what answers at its address, not by what a clock of another machine says', async () => {
    const digest = newKey();
    const { baseUrl } = await serverOf(() => digest);
    // As a worker of 0.1.0 wrote it whose clock was far behind ours.
    await announce(digest, baseUrl, { expiresAt: Date.now() - 86_400_000 });
    expect(await endpointOf(digest)).toMatchObject({ baseUrl });
  });

  test('never at an address that serves other weights, as a server that still holds the ones before', async () => {
    const digest = newKey();
    const { baseUrl } = await serverOf(newKey);
    await announce(digest, baseUrl);
    await expect(endpointOf(digest)).rejects.toMatchObject({
      type: 'POLICY_DIGEST_MISMATCH',
      nonRetryable: false,
    });
  });

  test('never by a lease whose server is gone, however new it is', async () => {
    const digest = newKey();
    await announce(digest, `http://127.0.0.1:${await freePort()}/v1`, { expiresAt: Date.now() + 86_400_000 });
    await expect(endpointOf(digest)).rejects.toMatchObject({
      type: 'POLICY_NOT_SERVED',
      nextRetryDelay: 1000,
    });
  });
});

test('a server that says nothing may live: it is asked again after pauses that grow', async () => {
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  servers.push({ stop: async () => void silent.close() });
  const digest = newKey();
  await announce(digest, `http://127.0.0.1:${(silent.address() as AddressInfo).port}/v1`);
  await expect(endpointOf(digest)).rejects.toMatchObject({
    type: 'POLICY_NOT_SERVED',
    nonRetryable: false,
    nextRetryDelay: undefined,
    message: expect.stringContaining('whether it lives is unknown') as string,
  });
});

describe('the activity that serves a policy', () => {
  /** A worker whose server is a script that says it is ready at an address; `$PID` of it is told. */
  async function serving(policies = new ServedPolicies(objects.store)) {
    const policy = await newPolicy();
    const digest = policy.digest.sha256;
    const { baseUrl } = await serverOf(() => digest);
    const pid = join(objects.scratch, `serving-${digest}`);
    const python = await scriptedPython(
      objects,
      `echo $$ > ${pid}\n${event({ event: 'ready', baseUrl, digest })}exec cat > /dev/null`,
    );
    const trainer = {
      python,
      sources: objects.scratch,
      scratch: objects.scratch,
      environment: { PATH: process.env['PATH'] ?? '' },
    };
    const pool = new EnginePool(trainerEngine(trainer, undefined), { most: 1, idleMs: 0 });
    const backend = new EngineBackend(pool, new BehaviourRecords(objects.store));
    const { servePolicy } = createServingActivities({ store: objects.store, policies, trainer, backend });
    const start = () => startAttempt(servePolicy, [{ policy }]);
    const child = async () => {
      const identity = identityOf(Number(await readFile(pid, 'utf8')));
      if (!identity) throw new Error('the server does not run');
      return identity;
    };
    return { digest, baseUrl, start, child };
  }

  const isReady = (details: unknown): details is { baseUrl: string; trouble: string | null } =>
    (details as { baseUrl: string | null }).baseUrl !== null;
  const announced = (digest: string) =>
    until('it is announced', async () => (await leaseOf(digest)) !== null);

  test('takes its lease back when it is stopped, and its server is gone', async () => {
    const { digest, baseUrl, start, child } = await serving();
    const running = start();
    await announced(digest);
    expect(await leaseOf(digest)).toMatchObject({ baseUrl });
    const server = await child();
    running.cancel();
    await expect(running.result).rejects.toBeInstanceOf(CancelledFailure);
    expect(await leaseOf(digest)).toBeNull();
    expect(isRunning(server)).toBe(false);
  });

  test('leaves the lease of another that serves the same policy', async () => {
    const { digest, start } = await serving();
    const running = start();
    await announced(digest);
    const other = { digest, baseUrl: 'http://127.0.0.1:1/v1', model: 'policy', holder: 'other/1/1' };
    await objects.store.putDocument(leaseKey(digest), other);
    running.cancel();
    await expect(running.result).rejects.toBeInstanceOf(CancelledFailure);
    expect(await leaseOf(digest)).toEqual(other);
  });

  test('leaves a server alone that does not answer, and ends when its process does', async () => {
    const { digest, start, child } = await serving();
    const running = start();
    await announced(digest);
    const { pid } = await child();
    process.kill(pid, 'SIGSTOP');
    await running.nextHeartbeat();
    await running.nextHeartbeat();
    expect(isRunning(await child())).toBe(true);
    process.kill(pid, 'SIGKILL');
    await expect(running.result).rejects.toMatchObject({ type: 'POLICY_SERVER_FAILED', nonRetryable: false });
  });

  test('keeps its server through an outage of the store, and tells', async () => {
    const nowhere = objects.open({ endpoint: `http://127.0.0.1:${await freePort()}` });
    const { digest, start, child } = await serving(new ServedPolicies(nowhere));
    const running = start();
    const { trouble } = await running.heartbeat(
      (details): details is { baseUrl: string; trouble: string } =>
        isReady(details) && details.trouble !== null,
    );
    expect(trouble).toContain('does not answer');
    expect(isRunning(await child())).toBe(true);
    expect(await leaseOf(digest)).toBeNull();
    running.cancel();
    await expect(running.result).rejects.toBeInstanceOf(CancelledFailure);
  });

  test('tells where it serves', async () => {
    const { baseUrl, start } = await serving();
    const running = start();
    expect(await running.heartbeat(isReady)).toMatchObject({ baseUrl, trouble: null });
    running.cancel();
    await expect(running.result).rejects.toBeInstanceOf(CancelledFailure);
  });
});
