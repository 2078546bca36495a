import { blobKey } from '../../artifacts/artifactStore';
import { type PublicKeys, signerOf } from '../../artifacts/signing/envelope';
import type { Envelope } from '../../schemas/attestation';
import type { Findings } from './findings';
import type { LoadedCampaign } from './loadCampaign';

/** Manifests and log entries are signed by a key that is trusted. */
export function checkSignatures(
  { log, stages }: LoadedCampaign,
  trusted: PublicKeys,
  allowUnsigned: boolean,
  findings: Findings,
): void {
  const check = (object: string, envelope: Envelope) => {
    findings.looked();
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
  for (const { key, envelope } of log) check(key, envelope);
  for (const { id, manifest } of stages) {
    if (manifest?.envelope) check(blobKey(manifest.digest), manifest.envelope);
    else if (manifest && !allowUnsigned) {
      findings.looked();
      findings.fail(
        blobKey(manifest.digest),
        `The manifest of stage ${id} is not signed. Releases before 0.3.0 did not sign; --allow-unsigned accepts that.`,
      );
    }
  }
}
