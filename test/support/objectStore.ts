import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ArtifactStore, blobKey } from '../../artifacts/artifactStore';
import type { ArtifactStoreOptions } from '../../artifacts/createS3Client';
import { GuardedProcess } from '../../deploy/local/guardedProcess';
import { s3Part } from '../../deploy/local/parts';
import { untilReady } from '../../deploy/local/readiness';
import { StateDirectory } from '../../deploy/local/stateDirectory';
import { requireTool } from '../../deploy/local/tools';

const REGION = 'us-east-1';
const BUCKET = 'pi-loop';

/** A port that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A real S3 server, VersityGW over a folder, for one test file. */
export interface ObjectStore {
  store: ArtifactStore;
  endpoint: string;
  /** What another process opens it with. */
  options: ArtifactStoreOptions;
  /** A further client; what is not said is as for `store`. */
  open(options?: Partial<ArtifactStoreOptions>): ArtifactStore;
  /** The file that holds a blob: what a failing disk would damage. */
  blobFile(digest: string): string;
  /** The file that holds a named document. */
  documentFile(key: string): string;
  /** A folder for whatever else the tests write. */
  scratch: string;
  stop(): Promise<void>;
}

export async function startObjectStore(): Promise<ObjectStore> {
  const root = await mkdtemp(join(tmpdir(), 'pi-loop-test-'));
  const state = new StateDirectory(root);
  state.prepare();
  const port = await freePort();
  const part = s3Part(requireTool('versitygw'), port, REGION, state);
  const server = await GuardedProcess.start(part);
  await untilReady(server, part.ready, 60);
  const endpoint = `http://127.0.0.1:${port}`;
  const { accessKey, secretKey } = state.credentials();
  const opened: ArtifactStore[] = [];
  const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey };
  const options = { endpoint, region: REGION, bucket: BUCKET, credentials };
  const open = (other: Partial<ArtifactStoreOptions> = {}) => {
    const client = new ArtifactStore({ ...options, ...other });
    opened.push(client);
    return client;
  };
  const store = open();
  await store.prepare();
  const documentFile = (key: string) => join(root, 'buckets', BUCKET, key);
  return {
    store,
    endpoint,
    options,
    open,
    blobFile: (digest) => documentFile(blobKey(digest)),
    documentFile,
    scratch: join(root, 'scratch'),
    stop: async () => {
      for (const client of opened) client.close();
      await server.stop();
      await rm(root, { recursive: true, force: true });
    },
  };
}
