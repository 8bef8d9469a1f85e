// Certificates that may not sign any more, or not connect any more.

import assert from "node:assert/strict";
import { test } from "node:test";
import { assertProblem } from "../support/client.mjs";
import { KOMMUNEN, payload, Signer } from "../support/letter.mjs";
import { Authority } from "../support/pki.mjs";
import { until } from "../support/service.mjs";

export default function certificates(house) {
  async function registered(kind = "p256", more) {
    const made = await house.authority.issue(KOMMUNEN, kind, more);
    await house.service.cli(["agency", "cert", "add", made.certificate]);
    return { ...made, signer: new Signer(made.certificate, made.key, "ES256") };
  }
  const revoke = ({ certificate }) => house.service.cli(["agency", "cert", "revoke", certificate]);

  test("a signing certificate expires", async () => {
    const { signer } = await registered("p256", { seconds: 8 });
    const first = await house.accepted(payload(), [], { signer });
    const refused = await until("it has expired", async () => {
      const letter = payload();
      const answer = await house.kommunen.send(await signer.sign(letter));
      if (answer.status === 201) return null;
      await house.assertAbsent(letter.reference);
      return answer;
    });
    assertProblem(refused, 403, "certificate_expired");
    assert.ok(Date.now() >= Date.parse(signer.certificate.validTo), "it was refused before its time");
    const again = await house.kommunen.send(await signer.sign(first.letter));
    assert.equal(again.status, 200, "a repeat is answered whatever became of the certificate");
    assert.equal(again.json.receipt, first.receipt);
  });

  test("a signing certificate is revoked", async () => {
    const made = await registered();
    const first = await house.accepted(payload(), [], { signer: made.signer });
    await revoke(made);
    const cursor = await house.end();
    await house.refused(payload(), [403, "certificate_revoked"], [], { signer: made.signer });
    await house.assertNothingSince(cursor);
    const again = await house.kommunen.send(first.jws);
    assert.equal(again.status, 200);
    assert.equal(again.json.receipt, first.receipt);
  });

  test("a revoked certificate is refused at the handshake, with and without a session to resume", async () => {
    const made = await registered();
    const client = house.clientWith(made);
    assert.equal((await client.get("/v1/capabilities")).status, 200);
    let session;
    const socket = await client.connect({ maxVersion: "TLSv1.2" });
    session = socket.getSession();
    socket.destroy();
    await revoke(made);
    await until("its connections are refused", () => fails(client));
    assert.equal(await fails(client, { session, maxVersion: "TLSv1.2" }), true, "a resumed session gets in");
  });

  test("a connection that stood when its certificate was revoked is refused too", async () => {
    const made = await registered();
    const client = house.clientWith(made);
    assert.equal((await client.get("/v1/events")).status, 200);
    await revoke(made);
    // The connection is kept alive: it is the door that must look again.
    const answer = await until("it is refused", async () => {
      const answer = await client.get("/v1/events").catch(() => ({ status: 0 }));
      return answer.status === 200 ? null : answer;
    });
    if (answer.status !== 0) assertProblem(answer, 403, "certificate_unknown");
  });

  test("no certificate, another authority's, an expired one: the handshake fails", async () => {
    const { certificate, key } = await house.authority.issue(KOMMUNEN, "p256");
    assert.equal(await fails(house.clientWith({ certificate, key })), false, "one of the right authority gets in");
    assert.equal(await fails(house.clientWith({})), true, "none");
    const stranger = await Authority.stranger(house.service);
    assert.equal(await fails(house.clientWith(await stranger.issue(KOMMUNEN, "p256"))), true, "another authority's");
    assert.equal(await fails(house.clientWith(await house.authority.issue(KOMMUNEN, "p256", { seconds: -60 }))), true, "an expired one");
  });

  test("a certificate without an organisation's number gets no further than the handshake", async () => {
    for (const serial of ["198101052382", "4711", "16402000001"]) {
      const made = await house.authority.issue(KOMMUNEN, "p256", { serial });
      assertProblem(await house.clientWith(made).get("/v1/events"), 403, "certificate_unknown");
    }
    const none = await house.authority.issue(KOMMUNEN, "p256", { subject: "/CN=164020000016" });
    assertProblem(await house.clientWith(none).get("/v1/events"), 403, "certificate_unknown");
  });

  test("a certificate that is not registered is told so at every address", async () => {
    const client = house.clientWith(await house.authority.issue(KOMMUNEN, "p256"));
    for (const path of ["/v1/events", "/v1/capabilities", "/v1/openapi.json", "/v1/letters?reference=a", "/v1/nothing", "/"]) {
      assertProblem(await client.get(path), 403, "certificate_unknown");
    }
    assertProblem(await client.post("/v1/reachability", { sender: KOMMUNEN, recipients: [] }), 403, "certificate_unknown");
    assertProblem(await client.ask("PUT", "/v1/events", {}), 403, "certificate_unknown");
  });

  test("ten digits in the certificate are the organisation's too", async () => {
    const made = await house.authority.issue(KOMMUNEN, "p256", { serial: KOMMUNEN.slice(2) });
    await house.service.cli(["agency", "cert", "add", made.certificate]);
    await house.accepted(payload(), [], { client: house.clientWith(made) });
  });
}

/** Whether the handshake, or the first answer after it, fails: in TLS 1.3 the client hears of it only then. */
async function fails(client, more) {
  try {
    const socket = await client.connect(more);
    return await new Promise((resolve) => {
      socket.once("data", () => resolve(false));
      socket.once("close", () => resolve(true));
      socket.on("error", () => resolve(true));
      socket.write(`GET /v1/capabilities HTTP/1.1\r\nHost: ${client.door.host}\r\nConnection: close\r\n\r\n`);
    });
  } catch {
    return true;
  }
}
