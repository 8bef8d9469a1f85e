// Letters as a sender's system makes them: payload, manifest, and a signature by npm jose.

import { createHash, X509Certificate } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import * as jose from "jose";

export const KOMMUNEN = "164020000016";
export const VERKET = "164020000024";
export const FORMEDLAREN = "164020000032";
export const BOLAGET = "164020000040";
export const ANNA = "198101052382";
export const BO = "199001012385";
export const CLEO = "200001012384";

let last = 0;

/** A reference that was not used before. */
export function reference() {
  last += 1;
  return `prov-${Date.now()}-${last}`;
}

/** The payload of a small letter, with other members in the place of its own. */
export function payload(more = {}) {
  return {
    reference: reference(),
    sender: KOMMUNEN,
    recipient: ANNA,
    subject: "Beslut om din ansökan",
    language: "sv",
    body: { media_type: "text/plain", content: "Hej,\n\nVi har fattat beslut." },
    ...more,
  };
}

/** An entry of the manifest that fits the content. */
export function entry(content, name = "beslut.pdf", media_type = "application/pdf") {
  const sha256 = createHash("sha256").update(content).digest("base64url");
  return { name, media_type, bytes: Buffer.byteLength(content), sha256 };
}

/** Signs with a certificate's key. */
export class Signer {
  constructor(certificate, key, alg = "PS256") {
    this.certificate = new X509Certificate(fs.readFileSync(certificate));
    this.pem = fs.readFileSync(key, "utf8");
    this.alg = alg;
  }

  static of(service, number, alg) {
    const file = (ending) => path.join(service.pki, `${number}.${ending}`);
    return new Signer(file("pem"), file("key"), alg);
  }

  /** RFC 7638. */
  async kid() {
    const spki = this.certificate.publicKey.export({ type: "spki", format: "pem" });
    const key = await jose.importSPKI(spki, this.alg === "Ed25519" ? "EdDSA" : this.alg, { extractable: true });
    return jose.calculateJwkThumbprint(await jose.exportJWK(key));
  }

  x5t() {
    return createHash("sha256").update(this.certificate.raw).digest("base64url");
  }

  /** The protected header that a letter has, with other members in the place of its own. */
  async header(more = {}) {
    return { alg: this.alg, typ: "kuvert-letter", kid: await this.kid(), "x5t#S256": this.x5t(), ...more };
  }

  /** A flattened JWS of the payload, which is JSON, text or bytes. */
  async sign(letter, header) {
    const bytes = Buffer.isBuffer(letter) ? letter : Buffer.from(asText(letter));
    const protect = header ?? (await this.header());
    const key = await jose.importPKCS8(this.pem, protect.alg);
    return new jose.FlattenedSign(new Uint8Array(bytes)).setProtectedHeader(protect).sign(key);
  }
}

/** The letter's exact bytes. */
export function bytesOf(jws) {
  return Buffer.from(jws.payload, "base64url");
}

/** A PDF as small as one can be and whole, `size` bytes or more. */
export function pdf(size = 0, trailer = "") {
  const head = Buffer.from("%PDF-1.7\n1 0 obj\n<</Type/Catalog>>\nendobj\n");
  const tail = Buffer.from(`xref\n0 1\n0000000000 65535 f \ntrailer\n<</Size 2/Root 1 0 R${trailer}>>\nstartxref\n43\n%%EOF\n`);
  const filler = Buffer.alloc(Math.max(0, size - head.length - tail.length), "% fylld\n");
  if (filler.length) filler[filler.length - 1] = 10;
  return Buffer.concat([head, filler, tail]);
}

function asText(letter) {
  return typeof letter === "string" ? letter : JSON.stringify(letter);
}
