import { isRunning } from '../shared/processIdentity.cjs';
import { type RuntimeRecord, StateDirectory } from './stateDirectory';

/** What `pi-loop up` has running in a state directory. */
export interface RuntimeStatus {
  state: 'running' | 'starting' | 'stopping' | 'down';
  record?: RuntimeRecord;
}

/** @throws {LocalRuntimeError} STATE_UNUSABLE when the record cannot be read */
export function readStatus(stateDirectory: string): RuntimeStatus {
  const record = new StateDirectory(stateDirectory).readRecord();
  if (record === undefined || !isRunning(record.supervisor)) return { state: 'down' };
  return { state: record.phase, record };
}

/**
 * The variables that lead a client to the parts of a running local runtime, credentials included; empty when none runs.
 * What the user set in the environment is to win over them.
 */
export function localEnvironment(stateDirectory: string): Record<string, string> {
  const { state, record } = readStatus(stateDirectory);
  if (state !== 'running' || record === undefined) return {};
  return { ...record.environment, ...credentialsFor(record, new StateDirectory(stateDirectory)) };
}

/** Keys of the local S3 server; none when the endpoint is somebody else's. */
export function credentialsFor(record: RuntimeRecord, state: StateDirectory): Record<string, string> {
  const ownsStore = record.parts.some((part) => part.name === 's3' && part.process !== undefined);
  if (!ownsStore) return {};
  const { accessKey, secretKey } = state.credentials();
  return { AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey };
}
