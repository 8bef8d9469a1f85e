// Other people's SOAP clients at the SOAP door: zeep with libxmlsec1, and the JDK alone. What they deliver is read on
// the pages. And both verify what we sign, as xmlsec1 does.

import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";

import { Citizen } from "../agency/support/citizen.mjs";
import { BINARY, Service } from "../agency/support/service.mjs";
import { HERE, python } from "./venv.mjs";

const run = promisify(execFile);
const TOWN = "164020000016";
const DISPATCHER = "164020000032";
const ANNA = "198101052382";
const today = new Date().toISOString().slice(0, 10);

/** A small PDF that is whole. */
const PDF = Buffer.from(
  "%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\nstartxref\n9\n%%EOF\n",
);

const of = (service, number) => ({
  door: service.urls.agency,
  ca: path.join(service.pki, "ca.pem"),
  certificate: path.join(service.pki, `${number}.pem`),
  key: path.join(service.pki, `${number}.key`),
});

function zeep(ask) {
  return new Promise((resolve, reject) => {
    const child = execFile(python("requirements-clients.txt"), [path.join(HERE, "zeep_client.py")], (error, out, err) =>
      error ? reject(new Error(`${error.message}\n${err}`)) : resolve(JSON.parse(out)),
    );
    child.stdin.end(JSON.stringify(ask));
  });
}

async function java(...args) {
  const { stdout } = await run("java", [path.join(HERE, "JavaClient.java"), ...args]);
  return Object.fromEntries(stdout.trim().split("\n").map((line) => line.split(/=(.*)/s).slice(0, 2)));
}

describe("clients of Mina Meddelanden", { timeout: 300_000 }, () => {
  const service = new Service("sqlite");
  const folder = mkdtempSync(path.join(os.tmpdir(), "kuvert-soap-"));
  let anna;

  before(async () => {
    python("requirements-clients.txt");
    // Refusals are told in the log at this level, which is that of production.
    service.log = "info";
    await service.prepare();
    anna = await Citizen.logIn(service.urls.web, ANNA);
  });
  after(async () => {
    await service.stop();
    rmSync(folder, { recursive: true });
  });

  const letter = (more) => ({
    ...of(service, TOWN),
    sender: TOWN,
    recipient: ANNA,
    text: "Vi har beviljat ditt bygglov.\nHälsningar",
    date: today,
    ...more,
  });

  it("zeep asks who can be reached, and who may send", async () => {
    const ids = [ANNA, "201501012387", "164020000040"];
    const answer = await zeep({ ...of(service, DISPATCHER), sender: TOWN, reachable: ids });
    assert.deepEqual(answer.reachable.map((one) => one.id), ids);
    assert.deepEqual(answer.reachable.map((one) => one.type), ["Secure", "Not", "Secure"]);
    assert.equal(answer.reachable[0].address, `${service.urls.agency}/Service/v3`);
    assert.ok(answer.senders.includes(TOWN));
    assert.deepEqual(answer.dispatchers[DISPATCHER], [TOWN, "164020000024"]);
  });

  it("what zeep delivers is read on the pages, attachment and all", async () => {
    const ask = letter({ id: "zeep-1", subject: "Bygglov genom zeep", files: { "beslut.pdf": PDF.toString("base64") } });
    const answer = await zeep(ask);
    assert.deepEqual(answer.status, [{ id: ANNA, delivered: true }]);
    assert.deepEqual((await zeep(ask)).transaction, answer.transaction, "the same again is the same letter");
    const page = await anna.open("Bygglov genom zeep");
    assert.match(page, /Exempelkommunen/);
    assert.match(page, /beslut\.pdf/);
    assert.doesNotMatch(page, /Ett annat namn/, "the registry's name is shown");
    assert.match(page, /Vi har beviljat ditt bygglov/);
  });

  it("a dispatcher signs and seals for a sender that lists it, and nobody else", async () => {
    const answer = await zeep(letter({ ...of(service, DISPATCHER), id: "zeep-2", subject: "Genom förmedlaren" }));
    assert.equal(answer.status[0].delivered, true);
    const other = await zeep(letter({ ...of(service, "164020000024"), id: "zeep-3", subject: "Av en annan" }));
    assert.equal(other.fault.ErrorCode, "6005");
  });

  it("what was changed is a fault whose CallId stands in the log, and nobody is not delivered to", async () => {
    const { fault } = await zeep(letter({ id: "zeep-4", subject: "Ändrat", tamper: true }));
    assert.equal(fault.ErrorCode, "5002");
    assert.match(fault.Description, /^seal_invalid: /);
    assert.ok(service.output.includes(fault.CallId), "the log has the CallId");
    const nobody = await zeep(letter({ id: "zeep-5", subject: "Ingen", recipient: "201501012387" }));
    assert.deepEqual(nobody.status, [{ id: "201501012387", delivered: false }]);
  });

  it("zeep has people told in the agency's own words, once, and never with a link", async () => {
    const ask = (id, text) => ({
      ...of(service, DISPATCHER),
      sender: TOWN,
      notify: { id, subject: "Vattnet stängs", text, recipients: [ANNA, "201501012387"] },
    });
    const answer = await zeep(ask("zeep-told", "Vattnet stängs kl. 10 åäö"));
    assert.deepEqual(answer.status, [
      { id: ANNA, told: true, by: ["SMS", "EMail"] },
      { id: "201501012387", told: false, by: [] },
    ]);
    assert.deepEqual(await zeep(ask("zeep-told", "Vattnet stängs kl. 10 åäö")), answer, "the same again");
    const conflict = await zeep(ask("zeep-told", "Vattnet stängs inte"));
    assert.equal(conflict.fault.ErrorCode, "5007");
    const link = await zeep(ask("zeep-link", "Läs mer på www.example.com"));
    assert.match(link.fault.Description, /^link_not_allowed: /);
  });

  it("the JDK asks, signs, seals and delivers; the letter is read", async () => {
    const file = path.join(folder, "beslut.pdf");
    writeFileSync(file, PDF);
    const ask = letter({ id: "java-1", subject: "Bygglov genom Java", text: "Hej från Java åäö", file });
    const answer = await java("deliver", ...Object.entries(ask).map(([key, value]) => `${key}=${value}`));
    assert.equal(answer.accepted, "true");
    assert.equal(answer.Delivered, "true", JSON.stringify(answer));
    const page = await anna.open("Bygglov genom Java");
    assert.match(page, /Hej från Java åäö/);
    assert.match(page, /beslut\.pdf/);
  });

  it("what zeep and the JDK forward as an operator is read, and xmlsec1 verifies what is kept of it", async () => {
    const config = path.join(service.data, "kuvert.toml");
    const add = ["operator", "add", "--config", config, DISPATCHER, "ladan.example", "Lådan"];
    execFileSync(BINARY, [...add, "--service-address", "https://ladan.example/service/v3"], { stdio: "pipe" });
    const ask = (more) => ({
      ...letter({ ...of(service, DISPATCHER), recipient: "189001019802", name: "Nils Prov", words: "Titta åäö", ...more }),
    });
    const through = ask({ id: "forward-1", subject: "Vidare genom zeep", to: [ANNA, "201501012387"] });
    const { status } = await zeep(through);
    assert.deepEqual(status, [{ id: ANNA, delivered: true }, { id: "201501012387", delivered: false }]);
    const { fault } = await zeep({ ...through, tamper: true });
    assert.match(fault.Description, /^seal_invalid: /);
    const java1 = ask({ id: "forward-2", subject: "Vidare genom Java", to: ANNA });
    const answer = await java("deliver", ...Object.entries(java1).map(([key, value]) => `${key}=${value}`));
    assert.equal(answer.Delivered, "true", JSON.stringify(answer));
    for (const [subject, from] of [["Vidare genom zeep", "Från zeep"], ["Vidare genom Java", "Från JDK"]]) {
      const page = await anna.open(subject);
      for (const said of ["Exempelkommunen", "Äkthet kontrollerad", "Vidarebefordrat av Nils Prov", from, "Titta åäö"]) {
        assert.ok(page.includes(said), `${subject}: ${said}`);
      }
      const original = /href="([^"]*\/c\/[^"]*\/original)"/.exec(page)[1];
      const kept = path.join(folder, "kept.xml");
      writeFileSync(kept, await (await fetch(original)).text());
      assert.deepEqual(await java("verify", kept), { seal: "true", sender: "true" });
      const trusted = ["--trusted-pem", path.join(service.pki, "ca.pem")];
      const check = ["--verify", ...trusted, "--node-xpath", "(//*[local-name()='Signature'])[2]", kept];
      execFileSync("xmlsec1", check, { stdio: "pipe" });
      writeFileSync(kept, readFileSync(kept, "utf8").replace(subject, "Ändrat"));
      assert.throws(() => execFileSync("xmlsec1", check, { stdio: "pipe" }), "a change is noticed");
    }
  });

  it("what kuvert signs, the JDK and xmlsec1 verify", async () => {
    const file = path.join(folder, "ours.xml");
    const args = ["send", "--soap", "--data", service.data, "--to", ANNA, "--subject", "Vårt <&>", "--text", "Hej å"];
    execFileSync(BINARY, [...args, "--save", file], { stdio: "pipe" });
    assert.deepEqual(await java("verify", file), { seal: "true", sender: "true" });
    // As a standalone document, the way it was signed.
    const xml = readFileSync(file, "utf8");
    const namespace = 'xmlns="http://minameddelanden.gov.se/schema/Message/v3"';
    const signed = xml.slice(xml.indexOf("<SignedDelivery"), xml.indexOf("</SignedDelivery>") + "</SignedDelivery>".length);
    const rest = xml.slice(xml.indexOf("<Seal "), xml.indexOf("</deliverSecure>")).replace(` ${namespace}`, "");
    const sealed = `<SealedDelivery ${namespace}>${signed.replace(` ${namespace}`, "")}${rest}</SealedDelivery>`;
    for (const [name, document, position] of [["signed", signed, 1], ["sealed", sealed, 2]]) {
      const own = path.join(folder, `${name}.xml`);
      writeFileSync(own, document);
      const where = `(//*[local-name()='Signature'])[${position}]`;
      const check = ["--verify", "--trusted-pem", path.join(service.pki, "ca.pem"), "--node-xpath", where, own];
      execFileSync("xmlsec1", check, { stdio: "pipe" });
      writeFileSync(own, document.replace("Vårt", "Värt"));
      assert.throws(() => execFileSync("xmlsec1", check, { stdio: "pipe" }), `${name}: a change is noticed`);
    }
  });

  it("the JDK gives every vector our verdict on its signatures", async () => {
    const folder = path.join(HERE, "../../../crates/delivery/vectors");
    const verdict = async (name) => {
      const { seal, sender } = await java("verify", path.join(folder, `deliverSecure-${name}.xml`));
      return `${seal} ${sender}`;
    };
    for (const name of ["ok-plain", "ok-prefixed", "ok-html", "BAD-checksum-signed", "BAD-sender-id-not-in-cert"]) {
      assert.equal(await verdict(name), "true true", name);
    }
    for (const name of ["BAD-seal-date-changed", "BAD-seal-signature-value"]) {
      assert.equal(await verdict(name), "false true", name);
    }
    for (const name of ["BAD-body-changed-before-seal", "BAD-attachment-changed-before-seal"]) {
      assert.equal(await verdict(name), "true false", name);
    }
  });
});
