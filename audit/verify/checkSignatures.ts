import { signerKey } from '../../artifacts/documentKeys';
import { blobKey } from '../../artifacts/blobKey';
import { PAYLOAD_TYPES, type PublicKeys, signerOf } from '../../artifacts/signing/envelope';
import type { Envelope, Signer } from '../../schemas/attestation';
import type { Findings } from './findings';
import type { LoadedCampaign } from './loadCampaign';

/** Manifests and log entries are signed by a key that is trusted. */
export function checkSignatures(
  { log, stages }: LoadedCampaign,
  trusted: PublicKeys,
  allowUnsigned: boolean,
  findings: Findings,
): void {
  const check = (object: string, envelope: Envelope, payloadType: string) => {
    findings.looked();
    if (envelope.payloadType !== payloadType)
      findings.fail(object, `It was signed as ${envelope.payloadType}, not as ${payloadType}.`);
    if (signerOf(envelope, trusted) !== null) return;
    const named = envelope.signatures.map(({ keyid }) => keyid.slice(0, 12)).join(', ');
    const isKnown = envelope.signatures.some(({ keyid }) => trusted.has(keyid));
    findings.fail(
      object,
      isKnown
        ? `The signature by key ${named} is not one of this content.`
        : `It is signed by key ${named}, which is not trusted.`,
    );
  };
  for (const { key, envelope } of log) check(key, envelope, PAYLOAD_TYPES.logEntry);
  for (const { id, manifest } of stages) {
    if (manifest?.envelope) check(blobKey(manifest.digest), manifest.envelope, PAYLOAD_TYPES.statement);
    else if (manifest && !allowUnsigned) {
      findings.looked();
      findings.fail(
        blobKey(manifest.digest),
        `The manifest of stage ${id} is not signed. Releases before 0.3.0 did not sign; --allow-unsigned accepts that.`,
      );
    }
  }
}

/** Whoever writes into a bucket can list a key in it: it counts only where somebody trusted vouches for it. */
export function checkSigners(published: readonly Signer[], trusted: PublicKeys, findings: Findings): void {
  for (const { keyid } of published) {
    findings.looked();
    if (!trusted.has(keyid))
      findings.fail(signerKey(keyid), 'This key is not trusted, and no trusted key vouches for it.');
  }
}
