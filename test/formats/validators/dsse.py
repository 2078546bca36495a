"""securesystemslib and in-toto's own classes read a signed document.

dsse.py ENVELOPE SIGNER: the signer must have signed it; of an in-toto statement the form is checked too.
"""

import json
import sys
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from google.protobuf import json_format
from in_toto_attestation.predicates.provenance.v1.provenance_pb2 import Provenance
from in_toto_attestation.v1.statement import Statement
from in_toto_attestation.v1.statement_pb2 import Statement as StatementMessage
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey

IN_TOTO = "application/vnd.in-toto+json"
PROVENANCE = "https://slsa.dev/provenance/v1"


def key_of(signer: dict) -> SSlibKey:
    public = load_pem_public_key(signer["publicKey"].encode())
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return SSlibKey(signer["keyid"], "ed25519", "ed25519", {"public": raw.hex()})


def read_statement(payload: bytes) -> dict:
    """Unknown fields are errors, in the statement and in its provenance."""
    message = json_format.Parse(payload, StatementMessage())
    Statement.copy_from_pb(message).validate()
    if message.predicate_type == PROVENANCE:
        json_format.Parse(json.dumps(json.loads(payload)["predicate"]), Provenance())
    return {"predicateType": message.predicate_type, "subjects": [subject.name for subject in message.subject]}


def main(envelope_file: str, signer_file: str) -> None:
    envelope = Envelope.from_dict(json.loads(Path(envelope_file).read_text()))
    verified = envelope.verify([key_of(json.loads(Path(signer_file).read_text()))], 1)
    statement = read_statement(envelope.payload) if envelope.payload_type == IN_TOTO else None
    print(json.dumps({"keyids": list(verified), "payloadType": envelope.payload_type, "statement": statement}))


main(*sys.argv[1:])
