// A letter by npm jose is accepted; its receipt is checked with the published keys and by hand.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { before, test } from "node:test";
import * as jose from "jose";
import { decode } from "../support/cbor.mjs";
import { multipart, parts } from "../support/client.mjs";
import { ANNA, bytesOf, CLEO, entry, KOMMUNEN, payload, pdf, Signer } from "../support/letter.mjs";
import { until } from "../support/service.mjs";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const sha256 = (...parts) => createHash("sha256").update(Buffer.concat(parts.map((p) => Buffer.from(p)))).digest();

export default function acceptance(house) {
  let whole;
  before(async () => {
    const files = [pdf(48_213), Buffer.from("a;b\r\n1;2\r\n")];
    whole = await house.accepted(
      payload({
        subject: "Slutskattebesked för åäö",
        attachments: [entry(files[0]), entry(files[1], "underlag.csv", "text/csv")],
        support: { text: "Ring oss", url: "https://example.com/fragor", phone: "0771-000 000", email: "fragor@example.com" },
        matter: { id: "2026-1482", shared_id: null, subject: "Ansökan", status: "avslutat" },
        kind: "decision",
        reply_by: "2027-01-31",
        visible_from: null,
        reply: "not_allowed",
        receipt: "opened",
        confidential: false,
        audience: "kuvert.example",
      }),
      files,
    );
  });

  test("201 says where the letter is, and gives its receipt", async () => {
    const { answer } = whole;
    assert.match(answer.json.letter_id, UUID);
    assert.equal(answer.headers.location, `/v1/letters/${answer.json.letter_id}`);
    assert.equal(answer.headers["content-type"], "application/json");
    assert.deepEqual(Object.keys(answer.json).sort(), ["durability", "include_by", "letter_id", "receipt"]);
    assert.equal(answer.json.durability, "single-fsync");
    assert.equal(answer.json.include_by, null);
    const there = await house.kommunen.get(answer.headers.location);
    assert.equal(there.status, 200);
    assert.equal(there.json.reference, whole.letter.reference);
    assert.equal(there.json.state, "available");
    assert.equal(there.json.history[0].type, "accepted");
  });

  test("the receipt verifies with the keys on the web origin", async () => {
    const { header, claims } = await verified(house, whole.receipt);
    assert.deepEqual(Object.keys(header).sort(), ["alg", "kid", "typ"]);
    assert.equal(header.alg, "EdDSA");
    assert.equal(header.typ, "kuvert-receipt");
    assert.equal(claims.letter_id, whole.letter_id);
    assert.equal(claims.sender, KOMMUNEN);
    assert.equal(claims.reference, whole.letter.reference);
    assert.equal(claims.durability, "single-fsync");
    assert.equal(claims.include_by, null);
    assert.match(claims.accepted_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.ok(Math.abs(Date.now() - Date.parse(claims.accepted_at)) < 120_000);
  });

  test("the event's commitments come out when they are made again by hand", async () => {
    const { claims } = await verified(house, whole.receipt);
    const nonce = Buffer.from(claims.nonce, "base64url");
    assert.equal(nonce.length, 32);
    const event = decode(Buffer.from(claims.event, "base64url"));
    assert.deepEqual([...event.keys()].slice(0, 11), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    // What belongs to the letter, and whose it is: for the operator to compare.
    assert.ok([...event.keys()].slice(11).every((key) => key >= 13 && key <= 16));
    assert.equal(event.get(2).toString("hex"), whole.letter_id.replaceAll("-", ""));
    assert.equal(event.get(3), 0);
    assert.equal(event.get(4), Date.parse(claims.accepted_at));
    assert.equal(event.get(5), "accepted");
    assert.deepEqual(event.get(6), Buffer.alloc(32));
    assert.equal(event.get(7), "sender");
    assert.deepEqual(event.get(8), sha256("kuvert-recipient/1", nonce, ANNA));
    assert.deepEqual(event.get(9), sha256("kuvert-content/1", nonce, bytesOf(whole.jws)));
    assert.equal(event.get(10), KOMMUNEN);
    assert.equal(event.get(11).toString("base64url"), house.kommunenSigner.x5t());
    // Another recipient or another content does not come out.
    assert.notDeepEqual(event.get(8), sha256("kuvert-recipient/1", nonce, CLEO));
    assert.notDeepEqual(event.get(9), sha256("kuvert-content/1", nonce, Buffer.concat([bytesOf(whole.jws), Buffer.from(" ")])));
  });

  test("a receipt says neither to whom nor what", async () => {
    const { text, claims } = await verified(house, whole.receipt);
    const all = text + Buffer.from(claims.event, "base64url").toString("latin1");
    for (const secret of [ANNA, "Slutskattebesked", "beslut", "2026-1482"]) {
      assert.ok(!all.includes(secret), `${secret} stands in the receipt`);
    }
  });

  test("a receipt with one bit changed is not believed", async () => {
    const [head, body, signature] = whole.receipt.split(".");
    const changed = Buffer.from(body, "base64url");
    changed[10] ^= 1;
    await assert.rejects(verified(house, [head, changed.toString("base64url"), signature].join(".")));
  });

  for (const alg of ["PS256", "RS256"]) {
    for (const named of [["kid"], ["x5t#S256"], ["kid", "x5t#S256"]]) {
      test(`${alg} with ${named.join(" and ")}`, async () => {
        const signer = Signer.of(house.service, KOMMUNEN, alg);
        const header = await signer.header();
        for (const name of ["kid", "x5t#S256"]) if (!named.includes(name)) delete header[name];
        const answer = await house.kommunen.send(await signer.sign(payload(), header));
        assert.equal(answer.status, 201, answer.text);
      });
    }
  }

  test("iat may stand in the header", async () => {
    const header = await house.kommunenSigner.header({ iat: Math.floor(Date.now() / 1000) });
    const answer = await house.kommunen.send(await house.kommunenSigner.sign(payload(), header));
    assert.equal(answer.status, 201, answer.text);
  });

  test("the recipient reads exactly what was sent, and the sender is told of it", async () => {
    const subject = `Läs mig ${Date.now()}`;
    const { letter_id } = await house.accepted(
      payload({ recipient: CLEO, subject, body: { media_type: "text/plain", content: "Åtta räksmörgåsar." }, receipt: "opened" }),
    );
    const cleo = await house.logIn(CLEO);
    const page = await cleo.open(subject);
    assert.ok(page.includes(subject));
    await until("the sender knows", async () => {
      const status = (await house.kommunen.get(`/v1/letters/${letter_id}`)).json;
      return status.state === "opened" && status.history.at(-1).type === "opened";
    });
  });

  test("who did not ask is not told that the letter was opened", async () => {
    const subject = `Tyst ${Date.now()}`;
    const { letter_id } = await house.accepted(payload({ recipient: CLEO, subject, receipt: "none" }));
    const cleo = await house.logIn(CLEO);
    assert.ok((await cleo.open(subject)).includes(subject));
    const status = (await house.kommunen.get(`/v1/letters/${letter_id}`)).json;
    assert.equal(status.state, "available");
    assert.ok(status.history.every((line) => line.type !== "opened"));
  });

  test("a letter over HTTP/2", async () => {
    const { boundary, body } = multipart(parts(await house.kommunenSigner.sign(payload())));
    const session = house.kommunen.session();
    try {
      const stream = session.request({
        ":method": "POST",
        ":path": "/v1/letters",
        "content-type": `multipart/form-data; boundary=${boundary}`,
      });
      const status = new Promise((resolve, reject) => {
        stream.once("response", (headers) => resolve(headers[":status"]));
        stream.once("error", reject);
      });
      stream.end(body);
      assert.equal(await status, 201);
      stream.resume();
    } finally {
      session.close();
    }
  });
}

/** Verified by jose with what /log/keys publishes. */
async function verified(house, receipt) {
  const keys = await (await fetch(`${house.service.urls.web}/log/keys`)).json();
  assert.ok("log_vkey" in keys);
  for (const key of keys.keys) assert.equal(await jose.calculateJwkThumbprint(key), key.kid);
  const { payload: bytes, protectedHeader } = await jose.compactVerify(receipt, jose.createLocalJWKSet(keys), { algorithms: ["EdDSA"] });
  const text = Buffer.from(bytes).toString();
  return { header: protectedHeader, claims: JSON.parse(text), text };
}
