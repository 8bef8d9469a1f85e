// More certificates than the demo makes: other keys, other validity, other authorities. Made by openssl.

import { execFile } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const KEYS = {
  rsa: ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
  p256: ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
  p384: ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
  ed25519: ["-algorithm", "ED25519"],
};

/** Where new certificates are kept. */
export class Authority {
  constructor(service) {
    this.folder = path.join(service.dir, "certificates");
    fs.mkdirSync(this.folder, { recursive: true });
    this.ca = { certificate: path.join(service.pki, "ca.pem"), key: path.join(service.pki, "ca.key") };
    this.made = 0;
  }

  /** Another authority, that the service does not trust. */
  static async stranger(service) {
    const other = new Authority(service);
    const file = path.join(other.folder, "stranger");
    await run("openssl", ["genpkey", ...KEYS.p256, "-out", `${file}.key`]);
    await run("openssl", ["req", "-x509", "-new", "-key", `${file}.key`, "-subj", "/CN=Kuvert Demo CA",
      "-addext", "keyUsage=critical,keyCertSign", "-days", "30", "-out", `${file}.pem`]);
    other.ca = { certificate: `${file}.pem`, key: `${file}.key` };
    return other;
  }

  /** A certificate of an organisation. `seconds` is how long it is valid from now; absent is a month. */
  async issue(number, kind = "rsa", { seconds, subject, serial = number } = {}) {
    this.made += 1;
    const file = path.join(this.folder, `${number}-${this.made}-${kind}`);
    const [key, certificate, request, extensions] = ["key", "pem", "csr", "ext"].map((e) => `${file}.${e}`);
    await run("openssl", ["genpkey", ...KEYS[kind], "-out", key]);
    const name = subject ?? `/C=SE/O=Prov/CN=Prov/serialNumber=${serial}`;
    await run("openssl", ["req", "-new", "-key", key, "-subj", name, "-out", request]);
    fs.writeFileSync(extensions, "extendedKeyUsage=clientAuth\nkeyUsage=digitalSignature\nbasicConstraints=CA:FALSE\n");
    if (seconds === undefined) {
      await run("openssl", ["x509", "-req", "-in", request, "-CA", this.ca.certificate, "-CAkey", this.ca.key,
        "-set_serial", `0x${Date.now().toString(16)}${this.made}`, "-extfile", extensions, "-days", "30",
        "-out", certificate]);
    } else {
      await this.#until(seconds, { request, extensions, certificate });
    }
    return { certificate, key };
  }
  /** `openssl x509` counts validity in days; `openssl ca` takes an end to the second. */
  async #until(seconds, { request, extensions, certificate }) {
    const config = path.join(this.folder, "ca.cnf");
    const index = path.join(this.folder, "index.txt");
    fs.writeFileSync(index, "");
    fs.writeFileSync(config, `[ca]\ndefault_ca=here\n[here]\ndatabase=${index}\nnew_certs_dir=${this.folder}\n` +
      "rand_serial=yes\ndefault_md=sha256\npolicy=any\nunique_subject=no\n" +
      "[any]\ncountryName=optional\norganizationName=optional\ncommonName=optional\nserialNumber=optional\n");
    const end = new Date(Date.now() + seconds * 1000).toISOString().replace(/[-:T]|\.\d+/g, "");
    await run("openssl", ["ca", "-batch", "-notext", "-config", config, "-cert", this.ca.certificate,
      "-keyfile", this.ca.key, "-in", request, "-extfile", extensions, "-preserveDN",
      "-startdate", "20260101000000Z", "-enddate", end, "-out", certificate]);
  }
}
