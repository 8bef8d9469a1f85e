#!/usr/bin/env python3
"""Checks the vectors of events and receipts with other people's code: cbor2, hashlib, cryptography.

    python3 -m venv target/venv && target/venv/bin/pip install cbor2 cryptography
    target/venv/bin/python crates/evidence/tests/vectors/check.py

Exits 0 when every vector holds.
"""

import base64
import hashlib
import json
import pathlib
import struct
import sys
import uuid

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

HERE = pathlib.Path(__file__).parent
# Key in the map: name in the vectors, and how the vectors write it.
MEMBERS = {
    1: ("id", lambda text: uuid.UUID(text).bytes),
    2: ("chain", lambda text: uuid.UUID(text).bytes),
    3: ("seq", int),
    4: ("at", int),
    5: ("kind", str),
    6: ("previous", bytes.fromhex),
    7: ("actor", str),
    8: ("recipient", bytes.fromhex),
    9: ("content", bytes.fromhex),
    10: ("sender", str),
    11: ("certificate", bytes.fromhex),
    12: ("detail", str),
    13: ("by", bytes.fromhex),
    14: ("letter", bytes.fromhex),
    15: ("original", bytes.fromhex),
    16: ("address", bytes.fromhex),
}


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def unbase64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def expected_map(event):
    return {key: read(event[name]) for key, (name, read) in MEMBERS.items() if event.get(name) is not None}


def check_event(vector):
    cbor = bytes.fromhex(vector["cbor"])
    wanted = expected_map(vector["event"])
    found = cbor2.loads(cbor)
    assert found == wanted, "the decoded map is another"
    assert list(found) == sorted(found), "the keys are not in ascending order"
    assert cbor2.dumps(wanted, canonical=True) == cbor, "the canonical encoding is another"
    nonce = bytes.fromhex(vector["nonce"])
    entry = sha256(b"kuvert-event/1", nonce, cbor)
    assert entry.hex() == vector["entry"], "the entry is another"
    assert sha256(b"\0", entry).hex() == vector["leaf"], "the leaf is another"
    for name, made_of in vector.get("made_of", {}).items():
        assert commitment(name, nonce, made_of).hex() == vector["event"][name], f"the commitment {name} is another"


def commitment(name, nonce, made_of):
    if name == "by":
        person = uuid.UUID(made_of["person"]).bytes
        return sha256(b"kuvert-actor/1", bytes.fromhex(made_of["salt"]), person, made_of["because"].encode())
    if name == "letter":
        ids = [uuid.UUID(made_of[one]).bytes for one in ("mailbox_id", "letter_id")]
        times = struct.pack(">qq", made_of["accepted_at"], made_of["visible_from"])
        flags = bytes([made_of["confidential"], made_of["tells_opened"]])
        parts = struct.pack(">q", made_of["parts"])
        key, sender = bytes.fromhex(made_of["key"]), bytes.fromhex(made_of["sender_mac"])
        return sha256(b"kuvert-letter/1", nonce, key, *ids, times, flags, parts, sender)
    return sha256(f"kuvert-{name}/1".encode(), nonce, bytes.fromhex(made_of))


def check_chain(vectors):
    previous = bytes(32)
    for seq, vector in enumerate(vectors):
        assert vector["event"]["seq"] == seq
        assert vector["event"]["previous"] == previous.hex(), "the link is another"
        previous = bytes.fromhex(vector["entry"])


def check_receipt(vector):
    header, payload, signature = vector["receipt"].split(".")
    keys = {key["kid"]: key for key in vector["jwks"]["keys"]}
    fields = json.loads(unbase64(header))
    assert fields["typ"] == "kuvert-receipt" and fields["alg"] == "EdDSA"
    key = Ed25519PublicKey.from_public_bytes(unbase64(keys[fields["kid"]]["x"]))
    key.verify(unbase64(signature), f"{header}.{payload}".encode())
    said = json.loads(unbase64(payload))
    event = cbor2.loads(unbase64(said["event"]))
    nonce = unbase64(said["nonce"])
    assert uuid.UUID(bytes=event[2]) == uuid.UUID(said["letter_id"]) and event[3] == 0
    assert event[10] == said["sender"] and event[5] == "accepted"
    assert event[8] == sha256(b"kuvert-recipient/1", nonce, vector["recipient"].encode()), "another recipient"
    assert event[9] == sha256(b"kuvert-content/1", nonce, vector["payload"].encode()), "another content"
    entry = sha256(b"kuvert-event/1", nonce, unbase64(said["event"]))
    assert entry.hex() == vector["entry"], "the entry is another"


def main():
    events = json.loads((HERE / "events.json").read_text())
    for vector in events["events"]:
        check_event(vector)
    check_chain(events["chain"])
    for vector in events["chain"]:
        check_event(vector)
    receipts = json.loads((HERE / "receipts.json").read_text())
    for vector in receipts["receipts"]:
        check_receipt(vector)
    print(f"{len(events['events']) + len(events['chain'])} events and {len(receipts['receipts'])} receipts hold")


if __name__ == "__main__":
    sys.exit(main())
