// Clients that others' generators make of the API description, unchanged: each sends a letter with a file over mutual TLS, reads
// the feed, and reads on when words come that the description did not have.

import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

import { Citizen } from "../agency/support/citizen.mjs";
import { ANNA, entry, KOMMUNEN, payload, pdf, Signer } from "../agency/support/letter.mjs";
import { Service } from "../agency/support/service.mjs";
import { python } from "../mina-meddelanden/venv.mjs";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const DESCRIPTION = path.join(HERE, "../../../crates/sender-gateway/openapi.json");
const ID = "0190c0de-0000-7000-8000-000000000001";
const TIME = "2026-12-01T08:00:00.000Z";

/** Answers of a service that is newer than the description: each has a word or a member that it does not name. */
const NEWER = {
  "/v1/events": [200, {
    events: [
      { id: `${ID}:1`, time: TIME, type: "accepted", letter_id: ID, reference: "r", colour: "red" },
      { id: `${ID}:2`, time: TIME, type: "brand_new", letter_id: ID, reference: null },
      { id: `${ID}:3`, time: TIME, type: "returned", letter_id: ID, reference: "r", why: "brand_new" },
      { id: `${ID}:4`, time: TIME, type: "opened", letter_id: ID, reference: "r" },
    ],
    next: "n",
  }],
  [`/v1/letters/${ID}`]: [200, { letter_id: ID, reference: "r", state: "brand_new", history: [{ time: TIME, type: "brand_new" }] }],
  "/v1/reachability": [200, { results: [
    { recipient: ANNA, reachable: false, reason: "brand_new" },
    { recipient: ANNA, reachable: true, reason: null, how: "brand_new" },
  ] }],
  "/v1/letters": [404, { type: "urn:kuvert:problem:brand_new", title: "t", status: 404, code: "brand_new", mend: "m" }],
};

/** What each client must have seen of them. */
const SEEN = {
  types: ["accepted", "brand_new", "returned", "opened"],
  why: [null, null, "brand_new", null],
  state: "brand_new",
  history: ["brand_new"],
  reasons: ["brand_new", null],
  how: [null, "brand_new"],
  code: "brand_new",
};

/** Makes each client in a folder and says how it is called: with a file that says what to do. */
const CLIENTS = {
  "openapi-python-client": (folder) => {
    const interpreter = python(path.join(HERE, "requirements.txt"));
    const generator = path.join(path.dirname(interpreter), "openapi-python-client");
    execFileSync(generator, ["generate", "--path", DESCRIPTION, "--meta", "none", "--output-path", path.join(folder, "kuvert_api")], { stdio: "pipe" });
    cpSync(path.join(HERE, "client.py"), path.join(folder, "client.py"));
    return [interpreter, path.join(folder, "client.py")];
  },
  "@hey-api/openapi-ts": (folder) => {
    const bin = (name) => path.join(HERE, "node_modules/.bin", name);
    symlinkSync(path.join(HERE, "node_modules"), path.join(folder, "node_modules"));
    execFileSync(bin("openapi-ts"), ["-i", DESCRIPTION, "-o", path.join(folder, "api"), "--no-log-file"], { stdio: "pipe", cwd: folder });
    cpSync(path.join(HERE, "client.ts"), path.join(folder, "client.ts"));
    writeFileSync(path.join(folder, "package.json"), '{"type":"commonjs"}');
    // The compiler has a say too: a closed list would not let an unknown word be compared with.
    const options = ["--strict", "--target", "es2022", "--lib", "es2022,dom,dom.iterable", "--module", "commonjs"];
    execFileSync(bin("tsc"), [...options, "--moduleResolution", "node10", "--skipLibCheck", "client.ts"], { stdio: "pipe", cwd: folder });
    return [process.execPath, path.join(folder, "client.js")];
  },
};

describe("generated clients", { timeout: 300_000 }, () => {
  const service = new Service("sqlite");
  const folder = mkdtempSync(path.join(os.tmpdir(), "kuvert-generated-"));
  const newer = http.createServer((request, response) => {
    const [status, body] = NEWER[new URL(request.url, "http://newer").pathname];
    response.writeHead(status, { "content-type": status < 400 ? "application/json" : "application/problem+json" });
    request.resume().on("end", () => response.end(JSON.stringify(body)));
  });

  before(async () => {
    await service.prepare();
    await new Promise((resolve) => newer.listen(0, "127.0.0.1", resolve));
  });
  after(async () => {
    newer.close();
    await service.stop();
    await service.remove();
    rmSync(folder, { recursive: true });
  });

  for (const [name, make] of Object.entries(CLIENTS)) {
    it(`${name}: sends a letter with a file, reads the feed, and reads on past new words`, async () => {
      const own = mkdtempSync(path.join(folder, "client-"));
      const [program, script] = make(own);
      const subject = `Genom ${name}`;
      const file = pdf(3000);
      const letter = payload({ subject, attachments: [entry(file)] });
      writeFileSync(path.join(own, "letter.json"), JSON.stringify(await Signer.of(service, KOMMUNEN).sign(letter)));
      writeFileSync(path.join(own, "beslut.pdf"), file);
      const task = {
        door: service.urls.agency,
        ca: path.join(service.pki, "ca.pem"),
        certificate: path.join(service.pki, `${KOMMUNEN}.pem`),
        key: path.join(service.pki, `${KOMMUNEN}.key`),
        letter: path.join(own, "letter.json"),
        file: path.join(own, "beslut.pdf"),
        reference: letter.reference,
        sender: KOMMUNEN,
        recipient: ANNA,
        newer: `http://127.0.0.1:${newer.address().port}`,
        newer_letter: ID,
      };
      writeFileSync(path.join(own, "task.json"), JSON.stringify(task));
      const said = JSON.parse(await run(program, [script, path.join(own, "task.json")]));
      assert.equal(said.status, 201);
      assert.equal(said.again, 200, "the same again is the same letter");
      assert.equal(said.found, said.letter_id);
      assert.equal(said.reachable, true);
      assert.deepEqual(said.events, ["accepted"], "the feed tells of the letter");
      assert.equal(said.refused, "letter_not_found");
      assert.deepEqual(said.newer, SEEN);
      const anna = await Citizen.logIn(service.urls.web, ANNA);
      const page = await anna.open(subject);
      assert.match(page, /beslut\.pdf/);
      const links = [...page.matchAll(/href="([^"]*\/c\/[^"]*)"/g)].map(([, url]) => url.replaceAll("&amp;", "&"));
      const shown = await Promise.all(links.map(async (url) => Buffer.from(await (await fetch(url)).arrayBuffer())));
      assert.ok(shown.some((bytes) => bytes.equals(file)), "the file arrived byte for byte");
    });
  }
});

function run(program, args) {
  return new Promise((resolve, reject) => {
    execFile(program, args, (error, out, err) => (error ? reject(new Error(`${error.message}\n${err}`)) : resolve(out)));
  });
}
