import { createHash } from 'node:crypto';
import { preAuthentication } from '../../artifacts/signing/envelope';
import { canonicalJson, sha256 } from '../../artifacts/canonicalJson';
import { STATEMENT_TYPE } from '../../schemas/attestation';
import { digestOf, type FolderFile, sorted } from '../folder';
import type { ReleaseKey } from './releaseKey';

/** Where OpenSSF's tools look for a folder's signature. */
export const SIGNATURE_FILE = 'model.sig';

const PREDICATE_TYPE = 'https://model_signing/signature/v1.0';
const PAYLOAD_TYPE = 'application/vnd.in-toto+json';
/** What a verifier passes over. */
const IGNORED = [SIGNATURE_FILE, '.git', '.gitattributes', '.github', '.gitignore'];

/**
 * The signature of a folder after OpenSSF's Model Signing 1.0 (github.com/ossf/model-signing-spec): a Sigstore bundle
 * 0.3 with a DSSE envelope; checked by `model_signing verify key FOLDER --signature FOLDER/model.sig --public_key KEY`.
 * @returns the bundle's JSON
 */
export function signFolder(name: string, files: readonly FolderFile[], key: ReleaseKey): string {
  const resources = sorted(files).map((file) => ({
    name: file.path,
    algorithm: 'sha256',
    digest: digestOf(file),
  }));
  const root = createHash('sha256');
  for (const { digest } of resources) root.update(Buffer.from(digest, 'hex'));
  const statement = {
    _type: STATEMENT_TYPE,
    subject: [{ name, digest: { sha256: root.digest('hex') } }],
    predicateType: PREDICATE_TYPE,
    predicate: {
      serialization: {
        method: 'files',
        hash_type: 'sha256',
        allow_symlinks: false,
        ignore_paths: IGNORED,
      },
      resources,
    },
  };
  const payload = Buffer.from(canonicalJson(statement));
  const signature = key.sign(preAuthentication(PAYLOAD_TYPE, payload));
  const bundle = {
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: { publicKey: { hint: sha256(key.publicKey) }, tlogEntries: [] },
    dsseEnvelope: {
      payload: payload.toString('base64'),
      payloadType: PAYLOAD_TYPE,
      signatures: [{ sig: Buffer.from(signature).toString('base64'), keyid: '' }],
    },
  };
  return `${canonicalJson(bundle)}\n`;
}
