import type { Completion } from '../../activities/models/chatCompletion';
import type { Question } from '../../activities/models/modelAccess';
import { SnapshotWatch } from '../../activities/models/snapshots/snapshotWatch';
import type { ArtifactStore } from '../../artifacts/artifactStore';
import { StorageError } from '../../artifacts/storageError';
import { model } from '../support/activities';
import { type ObjectStore, startObjectStore } from '../support/objectStore';

let objects: ObjectStore;
beforeAll(async () => {
  objects = await startObjectStore();
});
afterAll(() => objects.stop());

const answer = (snapshot: string): Completion => ({
  text: 'Yes.',
  snapshot,
  usage: { inputTokens: 10, outputTokens: 2 },
  fingerprint: undefined,
  refused: false,
  truncated: false,
});

const question: Question = {
  model: model('http://provider.test/v1', 'm'),
  role: 'judge',
  messages: [],
  seed: 1,
  signal: new AbortController().signal,
};

/** The store, of which reads of documents are counted, and fail so often. */
function failing(times: number): { store: ArtifactStore; reads: () => number } {
  let reads = 0;
  const store = new Proxy(objects.store, {
    get(target, name, receiver) {
      if (name !== 'getVersioned') return Reflect.get(target, name, receiver) as unknown;
      return (...args: Parameters<ArtifactStore['getVersioned']>) => {
        reads += 1;
        if (reads <= times) throw new StorageError('STORAGE_UNREACHABLE', 'The store is away.');
        return target.getVersioned(...args);
      };
    },
  });
  return { store, reads: () => reads };
}

test('an answer that is paid for waits for the store, and is not asked for again', async () => {
  const { store } = failing(2);
  let asked = 0;
  const told: (string | undefined)[] = [];
  const ask = new SnapshotWatch(store).over({ campaign: 'away' }, async () => {
    asked += 1;
    return answer('m-may');
  });
  await ask({ ...question, tell: (waiting) => told.push(waiting?.type) });
  expect(asked).toBe(1);
  expect(told).toEqual(['STORAGE_UNREACHABLE', 'STORAGE_UNREACHABLE', undefined]);
});

test('of hundreds of answers that come together one is looked up; later ones are known', async () => {
  const { store, reads } = failing(0);
  const ask = new SnapshotWatch(store).over({ campaign: 'many' }, async () => answer('m-may'));
  await Promise.all(Array.from({ length: 300 }, () => ask(question)));
  await ask(question);
  expect(reads()).toBe(1);
});

test('two workers that meet different snapshots first agree on which it was', async () => {
  const [one, other] = [new SnapshotWatch(objects.store), new SnapshotWatch(objects.store)];
  const met = await Promise.allSettled([
    one.meet({ campaign: 'both' }, question.model, 'm-may'),
    other.meet({ campaign: 'both' }, question.model, 'm-june'),
  ]);
  expect(met.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
});
