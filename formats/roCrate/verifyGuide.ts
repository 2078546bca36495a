/** How an outsider checks an export with standard tools alone. */
export const verifyGuide = (
  campaign: string,
  head: string | null,
): string => `# Checking this export of campaign ${campaign}

Nothing here needs π-loop. \`SHA256SUMS\` lists every file:

    sha256sum --check --quiet SHA256SUMS

Artifacts lie in \`blobs/sha256/\` under the SHA-256 of their bytes, so a name is a checksum as well. What each stage read and wrote
says its manifest: the blob that \`stages/<key>.json\` names, an in-toto statement with SLSA provenance in a DSSE envelope. The
campaign's log is \`campaigns/${campaign}/log/\`: each entry is a DSSE envelope too, and its payload's \`previous\` is the SHA-256 of the
file before it.

    # an entry's text, and the digest that the next one must name as \`previous\`
    python3 -c "import base64,json,sys; print(base64.b64decode(json.load(open(sys.argv[1]))['payload']).decode())" campaigns/${campaign}/log/000001.json
    sha256sum campaigns/${campaign}/log/000001.json

A signature is Ed25519 over \`DSSEv1 <length of type> <type> <length of payload> <payload>\`. With OpenSSL 3:

    python3 - campaigns/${campaign}/log/000001.json <<'END'
    import base64, json, sys
    envelope = json.load(open(sys.argv[1]))
    kind, payload = envelope["payloadType"].encode(), base64.b64decode(envelope["payload"])
    signature = envelope["signatures"][0]
    open("signed", "wb").write(b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload))
    open("signature", "wb").write(base64.b64decode(signature["sig"]))
    open("key.pem", "w").write(json.load(open(f"signers/{signature['keyid']}.json"))["publicKey"])
    END
    openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in signed -sigfile signature

The keys in \`signers/\` came with the export: ask whoever ran the campaign for the key by another way, and compare.
${head ? `The log's head at the time of the export was \`${head}\`; compare it with one that was noted elsewhere: it tells whether the whole campaign was put back to an earlier state.` : 'The campaign has no log: it was made by a release before 0.3.0.'}

With π-loop at hand: \`pi-loop audit verify .\` checks all of it, and computes filters and statistics again.
`;
