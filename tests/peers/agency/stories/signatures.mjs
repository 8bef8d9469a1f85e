// Every way in which a JWS can be wrong. The header is closed; keys never come from the message.

import { constants, createHmac, createSign, randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { assertProblem } from "../support/client.mjs";
import { bytesOf, payload, VERKET } from "../support/letter.mjs";

const encode = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

export default function signatures(house) {
  let cursor, signer, header;
  before(async () => {
    cursor = await house.end();
    signer = house.kommunenSigner;
    header = await signer.header();
  });
  after(() => house.assertNothingSince(cursor));

  /** Sends what `make` makes of a good JWS; it must be refused so. */
  function refuses(what, [status, code], make) {
    test(what, async () => {
      const letter = payload();
      const jws = await make(await signer.sign(letter), letter);
      assertProblem(await house.kommunen.send(jws), status, code);
      await house.assertAbsent(letter.reference);
    });
  }
  /** Signed, rightly, under another protected header. */
  const under = (change) => async (_, letter) => {
    const changed = { ...header };
    change(changed);
    const input = `${encode(changed)}.${encode(letter)}`;
    const key = { key: signer.pem, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
    const signature = createSign("sha256").update(input).sign(key).toString("base64url");
    return { protected: encode(changed), payload: encode(letter), signature };
  };

  const HEADER = [400, "jws_header_not_allowed"];
  for (const [name, value] of Object.entries({
    crit: ["b64"], b64: false, jwk: { kty: "oct", k: "AA" }, jku: "https://example.com/keys", x5u: "https://example.com/cert",
    x5c: ["MIIB"], x5t: "AAAA", cty: "json", zip: "DEF", nonce: "1", exp: 1, url: "https://example.com",
  })) {
    refuses(`the protected header has ${name}`, HEADER, under((h) => (h[name] = value)));
  }
  refuses("b64 is true", HEADER, under((h) => (h.b64 = true)));
  refuses("typ is missing", HEADER, under((h) => delete h.typ));
  refuses("typ is another", HEADER, under((h) => (h.typ = "kuvert-letter-2")));
  refuses("typ is JWT", HEADER, under((h) => (h.typ = "JWT")));
  refuses("alg is missing", HEADER, under((h) => delete h.alg));
  refuses("no key is named", HEADER, under((h) => { delete h.kid; delete h["x5t#S256"]; }));
  refuses("kid is no thumbprint", HEADER, under((h) => (h.kid = "my key")));
  refuses("x5t#S256 is in hexadecimal", HEADER, under((h) => (h["x5t#S256"] = Buffer.from(h["x5t#S256"], "base64url").toString("hex"))));
  refuses("iat is a text", HEADER, under((h) => (h.iat = "2026-01-01")));
  refuses("there is an unprotected header", HEADER, (jws) => ({ ...jws, header: { kid: header.kid } }));
  refuses("an empty unprotected header", HEADER, (jws) => ({ ...jws, header: {} }));

  const ALGORITHM = [400, "algorithm_not_allowed"];
  for (const alg of ["none", "HS256", "RS384", "PS512", "ES256K", "ES512", "ps256", ""]) {
    refuses(`alg is ${alg || "empty"}`, ALGORITHM, under((h) => (h.alg = alg)));
  }
  refuses("alg none without a signature", ALGORITHM, (jws) => ({ ...jws, protected: encode({ ...header, alg: "none" }), signature: "" }));
  refuses("HS256 with the public key as secret", ALGORITHM, (jws) => {
    const protect = encode({ ...header, alg: "HS256" });
    const secret = signer.certificate.publicKey.export({ type: "spki", format: "pem" });
    const signature = createHmac("sha256", secret).update(`${protect}.${jws.payload}`).digest("base64url");
    return { protected: protect, payload: jws.payload, signature };
  });

  const MALFORMED = [400, "jws_malformed"];
  for (const member of ["protected", "payload", "signature"]) {
    refuses(`${member} has padding`, MALFORMED, (jws) => ({ ...jws, [member]: `${jws[member]}=` }));
    refuses(`${member} is in base64 with + and /`, MALFORMED, (jws) => ({ ...jws, [member]: `${jws[member].slice(0, -4)}+/+/` }));
    refuses(`${member} has a line end`, MALFORMED, (jws) => ({ ...jws, [member]: `${jws[member]}\n` }));
    refuses(`${member} is missing`, MALFORMED, (jws) => ({ ...jws, [member]: undefined }));
    refuses(`${member} is a number`, MALFORMED, (jws) => ({ ...jws, [member]: 1 }));
  }
  refuses("the last character has bits that stand for nothing", MALFORMED, (jws) => {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const next = alphabet[alphabet.indexOf(jws.signature.at(-1)) + 1];
    return { ...jws, signature: jws.signature.slice(0, -1) + next };
  });
  refuses("a member more", MALFORMED, (jws) => ({ ...jws, extra: 1 }));
  refuses("a member twice", MALFORMED, (jws) => JSON.stringify(jws).replace("{", `{"payload":"${jws.payload}",`));
  refuses("the general serialisation", MALFORMED, (jws) => ({ payload: jws.payload, signatures: [{ protected: jws.protected, signature: jws.signature }] }));
  refuses("the compact serialisation", MALFORMED, (jws) => `${jws.protected}.${jws.payload}.${jws.signature}`);
  refuses("no JSON", MALFORMED, () => "hej");
  refuses("an empty part", MALFORMED, () => "");
  refuses("a list", MALFORMED, (jws) => [jws]);
  refuses("deep nesting", MALFORMED, () => "[".repeat(100_000));
  refuses("bytes after the JSON", MALFORMED, (jws) => `${JSON.stringify(jws)} {}`);
  refuses("the header is no object", MALFORMED, (jws) => ({ ...jws, protected: encode([1]) }));
  refuses("the header has alg twice", MALFORMED, (jws) => ({ ...jws, protected: encode(JSON.stringify(header).replace("{", '{"alg":"PS256",')) }));

  const INVALID = [403, "signature_invalid"];
  refuses("the payload was changed", INVALID, (jws) => ({ ...jws, payload: encode(bytesOf(jws).toString().replace("Hej", "Haj")) }));
  refuses("the header was changed", INVALID, (jws) => ({ ...jws, protected: encode({ ...header, iat: 1 }) }));
  refuses("one bit of the signature was changed", INVALID, (jws) => {
    const bytes = Buffer.from(jws.signature, "base64url");
    bytes[100] ^= 1;
    return { ...jws, signature: bytes.toString("base64url") };
  });
  refuses("an empty signature", INVALID, (jws) => ({ ...jws, signature: "" }));
  refuses("a signature of noise", INVALID, (jws) => ({ ...jws, signature: randomBytes(256).toString("base64url") }));
  refuses("another letter's signature", INVALID, async (jws) => ({ ...jws, signature: (await signer.sign(payload())).signature }));
  refuses("the right key is named, another signed", INVALID, async (_, letter) => house.verketSigner.sign(letter, header));
  refuses("PKCS #1 under PS256", INVALID, async (jws, letter) => {
    const other = await signer.sign(letter, { ...header, alg: "RS256" });
    return { ...jws, signature: other.signature };
  });

  const UNKNOWN = [403, "unknown_key"];
  refuses("kid and x5t#S256 name two keys", UNKNOWN, under((h) => (h["x5t#S256"] = house.verketSigner.x5t())));
  refuses("a key that nobody registered", UNKNOWN, under((h) => { h.kid = randomBytes(32).toString("base64url"); delete h["x5t#S256"]; }));
  refuses("a certificate that nobody registered", UNKNOWN, under((h) => { delete h.kid; h["x5t#S256"] = randomBytes(32).toString("base64url"); }));
  refuses("another sender's key", UNKNOWN, (_, letter) => house.verketSigner.sign(letter));

  test("a payload that does not say who it is from is not judged before its signature holds", async () => {
    for (const text of ["hej", "{}", '{"sender":"1"}', `{"sender":"${VERKET}"`, "[]", ""]) {
      const jws = await signer.sign(text || " ");
      const forged = { ...jws, signature: randomBytes(256).toString("base64url") };
      assertProblem(await house.kommunen.send(forged), 403, "signature_invalid");
    }
  });
}
