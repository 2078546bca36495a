import { verifyBucket } from '../../audit/verify/verifyBucket';
import type { Simulation } from './simulate';
import { KEY } from './worker';

/** What `audit verify` finds in the store that a simulation left; nothing when all is well. */
export async function auditProblems({ world: { storage } }: Simulation): Promise<string[]> {
  const bucket = {
    address: 'the simulated store',
    read: async (key: string) => storage.objects.get(key) ?? null,
    list: async (prefix: string) => storage.keys(prefix),
  };
  const roots = [{ keyid: KEY.keyid, publicKey: KEY.publicKey, since: '', endorsedBy: null }];
  const { failures, checks } = await verifyBucket(bucket, { roots });
  const idle = checks.filter(({ name, checked }) => checked === 0 && name === 'signatures');
  return [
    ...failures.map(({ check, object, message }) => `audit, ${check}: ${object}: ${message}`),
    ...idle.map(({ name }) => `audit: nothing was checked by ${name}`),
  ];
}
