#!/usr/bin/env python3
"""Checks the vectors of this folder with code of its own, from the documents alone.

    pip install cryptography && python3 crates/vault/tests/vectors/check.py

With --write it also makes jws-python.json anew: letters signed here, to be verified by the Rust tests.
"""
import base64, hashlib, hmac, json, pathlib, sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

HERE = pathlib.Path(__file__).parent
KEYS = HERE.parent / "keys"
CHUNK = 16384


def load(name):
    return json.loads((HERE / name).read_text())


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def field(kind, data):
    return kind + len(data).to_bytes(4, "big") + data


def place(fields):
    out = field(b"t", b"kuvert/1")
    for entry in fields:
        (kind, value), = entry.items()
        out += {
            "text": lambda: field(b"t", value.encode()),
            "id": lambda: field(b"i", bytes.fromhex(value)),
            "bytes": lambda: field(b"b", bytes.fromhex(value)),
            "number": lambda: field(b"n", value.to_bytes(8, "big")),
        }[kind]()
    return out


def chunked(key, context, salt, plain):
    """c2sp.org/chunked-encryption with AEAD_AES_256_GCM and SHA-512, in both directions."""
    info = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0" + salt + context
    okm = HKDFExpand(hashes.SHA512(), 76, info).derive(key)
    cipher, base, commitment = AESGCM(okm[:32]), int.from_bytes(okm[32:44], "big"), okm[44:]
    out = salt + commitment
    for number in range(len(plain) // CHUNK + 1):
        nonce = (base ^ number).to_bytes(12, "big")
        sealed = cipher.encrypt(nonce, plain[number * CHUNK:(number + 1) * CHUNK], b"")
        assert cipher.decrypt(nonce, sealed, b"") == plain[number * CHUNK:(number + 1) * CHUNK]
        out += sealed
    return out


def check_sealed():
    for case in load("sealed.json"):
        hexed = lambda name: bytes.fromhex(case[name])
        where = place(case["place"])
        assert where == hexed("place_bytes")
        prefix = b"KV1\x01" + hexed("key_id")
        plain = bytes((7 * i + i // 256) % 256 for i in range(case["plain_bytes"]))
        sealed = prefix + chunked(hexed("key"), prefix + where, hexed("salt"), plain)
        assert len(sealed) == case["sealed_bytes"] and sealed[:68] == hexed("header")
        assert hashlib.sha256(sealed).hexdigest() == case["sealed_sha256"]
        assert "sealed" not in case or sealed == hexed("sealed")


def padme(length):
    if length < 2:
        return length
    exponent = length.bit_length() - 1
    last = exponent - exponent.bit_length()
    return (length + (1 << last) - 1) >> last << last


def check_keys():
    vectors = load("keys.json")
    key = bytes.fromhex(vectors["derive"]["key"])
    for purpose in ("headers", "content"):
        info = b"kuvert/1 letter " + purpose.encode()
        assert HKDFExpand(hashes.SHA512(), 32, info).derive(key).hex() == vectors["derive"][purpose]
    for case in vectors["mac"]:
        parts = [b"kuvert/1 mac", case["label"].encode()] + [bytes.fromhex(part) for part in case["parts"]]
        message = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
        assert hmac.digest(bytes.fromhex(case["key"]), message, "sha256").hex() == case["tag"]
    for case in vectors["pad"]:
        plain = bytes.fromhex(case["plain"])
        whole = len(plain).to_bytes(8, "big") + plain
        assert whole.ljust(padme(len(whole)), b"\0").hex() == case["padded"]
    for length, padded in vectors["padme"]:
        assert padme(length) == padded


def extract(suite, salt, label, ikm):
    return hmac.digest(salt, b"HPKE-v1" + suite + label + ikm, "sha256")


def expand(suite, prk, label, info, length):
    info = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return HKDFExpand(hashes.SHA256(), length, info).derive(prk)


def check_seal_to():
    for case in load("seal_to.json"):
        hexed = lambda name: bytes.fromhex(case[name])
        private = x25519.X25519PrivateKey.from_private_bytes(hexed("private_key"))
        public = private.public_key().public_bytes_raw()
        assert public == hexed("public_key")
        suite, enc, sealed = hexed("sealed")[0], hexed("sealed")[1:33], hexed("sealed")[33:]
        assert suite == 1
        dh = private.exchange(x25519.X25519PublicKey.from_public_bytes(enc))
        kem = b"KEM" + bytes.fromhex("0020")
        secret = expand(kem, extract(kem, b"", b"eae_prk", dh), b"shared_secret", enc + public, 32)
        hpke = b"HPKE" + bytes.fromhex("002000010002")
        context = b"\0" + extract(hpke, b"", b"psk_id_hash", b"") + extract(hpke, b"", b"info_hash", hexed("info"))
        secret = extract(hpke, secret, b"secret", b"")
        key, nonce = expand(hpke, secret, b"key", context, 32), expand(hpke, secret, b"base_nonce", context, 12)
        assert AESGCM(key).decrypt(nonce, sealed, hexed("aad")) == hexed("plain")


PSS = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
CURVES = {"ES256": (hashes.SHA256(), 32), "ES384": (hashes.SHA384(), 48)}


def verify(alg, key, message, signature):
    if alg in CURVES:
        digest, size = CURVES[alg]
        assert len(signature) == 2 * size
        r, s = (int.from_bytes(half, "big") for half in (signature[:size], signature[size:]))
        key.verify(utils.encode_dss_signature(r, s), message, ec.ECDSA(digest))
    elif alg in ("EdDSA", "Ed25519"):
        key.verify(signature, message)
    else:
        key.verify(signature, message, {"PS256": PSS, "RS256": padding.PKCS1v15()}[alg], hashes.SHA256())


def sign(alg, key, message):
    if alg in CURVES:
        digest, size = CURVES[alg]
        r, s = utils.decode_dss_signature(key.sign(message, ec.ECDSA(digest)))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")
    if alg in ("EdDSA", "Ed25519"):
        return key.sign(message)
    return key.sign(message, {"PS256": PSS, "RS256": padding.PKCS1v15()}[alg], hashes.SHA256())


def thumbprint(key):
    number = lambda value, size=None: b64(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        members = {"e": number(numbers.e), "kty": "RSA", "n": number(numbers.n)}
    elif isinstance(key, ec.EllipticCurvePublicKey):
        numbers, size = key.public_numbers(), key.curve.key_size // 8
        members = {"crv": f"P-{key.curve.key_size}", "kty": "EC", "x": number(numbers.x, size), "y": number(numbers.y, size)}
    else:
        members = {"crv": "Ed25519", "kty": "OKP", "x": b64(key.public_bytes_raw())}
    return b64(hashlib.sha256(json.dumps(members, separators=(",", ":")).encode()).digest())


def check_jws():
    vectors = load("jws.json")
    for case in vectors["letters"]:
        certificate = x509.load_pem_x509_certificate((KEYS / case["certificate"]).read_bytes())
        jws = case["jws"]
        header = json.loads(unb64(jws["protected"]))
        assert header == {
            "alg": case["alg"],
            "typ": "kuvert-letter",
            "x5t#S256": b64(certificate.fingerprint(hashes.SHA256())),
            "kid": thumbprint(certificate.public_key()),
        }
        assert unb64(jws["payload"]).decode() == case["payload"]
        message = f"{jws['protected']}.{jws['payload']}".encode()
        verify(case["alg"], certificate.public_key(), message, unb64(jws["signature"]))
    receipt = vectors["receipt"]
    key = ed25519.Ed25519PrivateKey.from_private_bytes(bytes.fromhex(receipt["seed"]))
    assert receipt["jwk"]["kid"] == thumbprint(key.public_key())
    message, signature = receipt["jws"].rsplit(".", 1)
    assert unb64(signature) == key.sign(message.encode())
    assert unb64(message.split(".")[1]).decode() == receipt["payload"]


def write_jws():
    letters, payload = [], '{"reference": "py", "subject": "Åtgärd"}'
    algorithms = {"rsa": ("PS256", "RS256"), "p256": ("ES256",), "p384": ("ES384",), "ed25519": ("EdDSA", "Ed25519")}
    for name, algs in algorithms.items():
        key = serialization.load_pem_private_key((KEYS / f"{name}.key").read_bytes(), None)
        certificate = x509.load_pem_x509_certificate((KEYS / f"{name}.pem").read_bytes())
        for alg in algs:
            header = {"typ": "kuvert-letter", "alg": alg, "kid": thumbprint(key.public_key()), "iat": 1795305600,
                      "x5t#S256": b64(certificate.fingerprint(hashes.SHA256()))}
            protected, body = b64(json.dumps(header).encode()), b64(payload.encode())
            signature = b64(sign(alg, key, f"{protected}.{body}".encode()))
            letters.append({"certificate": f"{name}.pem", "alg": alg, "payload": payload,
                            "jws": {"protected": protected, "payload": body, "signature": signature}})
    text = json.dumps({"letters": letters}, indent=2, ensure_ascii=False)
    (HERE / "jws-python.json").write_text(text + "\n")


if __name__ == "__main__":
    if "--write" in sys.argv:
        write_jws()
    for check in (check_sealed, check_keys, check_seal_to, check_jws):
        check()
        print(check.__name__.removeprefix("check_"), "agrees")
