import { ArtifactStore } from '../artifacts/artifactStore';

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
