import { Client, Connection } from '@temporalio/client';
import type { ArtifactStore } from '../artifacts/artifactStore';
import { CommandError } from './commandError';
import { createStore } from './createStore';
import { variablesOf } from './variables';

export interface Connected {
  client: Client;
  store: ArtifactStore;
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 5_000;

/**
 * Connects to Temporal and S3: where the environment says, else to the local runtime of the state directory.
 * Errors: CommandError when Temporal, StorageError when S3 does not answer.
 */
export async function connect(stateDirectory: string): Promise<Connected> {
  const { client, close } = await connectClient(stateDirectory);
  const store = createStore(variablesOf(stateDirectory));
  try {
    await store.prepare();
  } catch (error) {
    store.close();
    await close();
    throw error;
  }
  return {
    client,
    store,
    close: async () => {
      store.close();
      await close();
    },
  };
}

/** Connects to Temporal alone, for commands that must work while the store is away. */
export async function connectClient(stateDirectory: string): Promise<Omit<Connected, 'store'>> {
  const variables = variablesOf(stateDirectory);
  const address = variables['TEMPORAL_ADDRESS'] ?? '127.0.0.1:7233';
  const connection = await Connection.connect({ address, connectTimeout: CONNECT_TIMEOUT_MS }).catch(
    (cause: unknown) => {
      throw new CommandError(
        `No Temporal server answers at ${address}. Start the local runtime with \`pi-loop up\`, or set TEMPORAL_ADDRESS.`,
        { cause },
      );
    },
  );
  const client = new Client({ connection, namespace: variables['TEMPORAL_NAMESPACE'] ?? 'default' });
  return { client, close: () => connection.close() };
}
