import { ArtifactStore } from '../artifacts/artifactStore';
import { CommandError } from './commandError';
import { variablesOf } from './variables';

/** The store that the variables name. */
export function createStore(variables: Record<string, string>): ArtifactStore {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = variables;
  return new ArtifactStore({
    endpoint: variables['S3_ENDPOINT'],
    region: variables['S3_REGION'] ?? 'us-east-1',
    bucket: variables['S3_BUCKET'] ?? 'pi-loop',
    credentials: accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey } : undefined,
  });
}

/** The store of the environment, else that of the running local runtime. Errors: CommandError when there is neither. */
export function openStore(stateDirectory: string): ArtifactStore {
  const variables = variablesOf(stateDirectory);
  if (variables['S3_ENDPOINT'] === undefined && variables['AWS_ACCESS_KEY_ID'] === undefined)
    throw new CommandError(
      `No local runtime runs in ${stateDirectory}, and the environment names no store. Start it by \`pi-loop up --detach\`, or set S3_ENDPOINT, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.`,
    );
  return createStore(variables);
}
