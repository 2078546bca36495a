import { failure } from '../support/failures';
import { behaviourOf, type BehaviourRecords, differenceOf } from './behaviour';
import type { ModelCard, ModelServer } from './modelServer';

/** What a server is to serve under a name. */
export interface Claim {
  digest: string;
  name: string;
  /** The verified folder it is to have been read from. */
  directory: string;
  /** The name of the model an adapter goes upon; null for a whole model. */
  base: string | null;
}

/**
 * Proves that what answers under a name is the policy, as far as the server lets us (docs/decisions/0016): by the digest
 * that it computed of what it read; else by the folder that it read, and by how it behaves.
 * Errors: POLICY_DIGEST_MISMATCH, POLICY_SERVER_FAILED, STORAGE_*.
 */
export async function proveServed(
  server: ModelServer,
  claim: Claim,
  records: BehaviourRecords,
): Promise<void> {
  const card = await server.card(claim.name);
  if (card && card.digest === claim.digest) return;
  if (!card || saysOtherwise(card, claim)) throw mismatch(server, claim, card);
  await proveBehaviour(server, claim, records);
}

const saysOtherwise = (card: ModelCard, { directory, base }: Claim): boolean =>
  typeof card.digest === 'string' || card.root !== directory || (card.parent ?? null) !== base;

/** @returns whether it was recorded before by an engine that had read the verified folder */
export async function proveBehaviour(
  server: ModelServer,
  { digest, name, base }: Pick<Claim, 'digest' | 'name' | 'base'>,
  records: BehaviourRecords,
): Promise<boolean> {
  const behaviour = await behaviourOf(server, name);
  if (base !== null && differenceOf(behaviour, await behaviourOf(server, base)) === 0)
    throw failure(
      'POLICY_DIGEST_MISMATCH',
      `${server.baseUrl} answers for adapter ${digest} exactly as its base does: the adapter is not applied. No turn is played by it.`,
    );
  return records.compare(digest, behaviour);
}

function mismatch(server: ModelServer, { digest, name, directory }: Claim, card: ModelCard | undefined) {
  const what = card
    ? `serves ${card.digest ?? `${card.root ?? 'something'}${card.parent ? ` upon ${card.parent}` : ''}`} as ${name}`
    : `does not list ${name}`;
  return failure(
    'POLICY_DIGEST_MISMATCH',
    `${server.baseUrl} ${what}, not policy ${digest} from ${directory}. No turn is played until the right one is served.`,
  );
}
