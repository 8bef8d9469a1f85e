// The same letter again gets the same receipt, byte for byte, whatever has happened since; another is a conflict.

import assert from "node:assert/strict";
import { test } from "node:test";
import { assertProblem } from "../support/client.mjs";
import { bytesOf, CLEO, entry, KOMMUNEN, payload, pdf, Signer } from "../support/letter.mjs";
import { until } from "../support/service.mjs";

export default function repeats(house) {
  /** Sent again it is the same. */
  async function sameAgain(first, jws = first.jws, files = [], client = house.kommunen) {
    const again = await client.send(jws, files);
    assert.equal(again.status, 200, again.text);
    assert.equal(again.headers.location, first.answer.headers.location);
    assert.equal(again.text, first.answer.text, "another answer");
  }

  test("the same request", async () => {
    const content = pdf(400_000);
    const first = await house.accepted(payload({ attachments: [entry(content)] }), [content]);
    const objects = house.service.objects();
    await sameAgain(first, first.jws, [content]);
    await sameAgain(first); // the attachments are not needed any more
    assert.equal(house.service.objects(), objects);
  });

  test("the same payload under another signature, algorithm, key and caller", async () => {
    const first = await house.accepted();
    const bytes = bytesOf(first.jws);
    const again = await house.kommunenSigner.sign(bytes);
    assert.notEqual(again.signature, first.jws.signature, "PS256 is salted");
    await sameAgain(first, again);
    await sameAgain(first, await Signer.of(house.service, KOMMUNEN, "RS256").sign(bytes));
    await sameAgain(first, await house.formedlarenSigner.sign(bytes), [], house.formedlaren);
  });

  test("the same letter in other bytes is another letter", async () => {
    const first = await house.accepted();
    const { letter } = first;
    const cursor = await house.end();
    for (const other of [
      `${JSON.stringify(letter)} `,
      JSON.stringify(letter, null, 1),
      JSON.stringify(Object.fromEntries(Object.entries(letter).reverse())),
      { ...letter, subject: "Ett annat" },
      { ...letter, recipient: CLEO },
      { ...letter, kind: null },
    ]) {
      assertProblem(await house.kommunen.send(await house.kommunenSigner.sign(other)), 409, "reference_conflict");
    }
    await sameAgain(first);
    await house.assertNothingSince(cursor);
  });

  test("the reference is looked up before any other check", async () => {
    const first = await house.accepted();
    for (const wrong of [
      { ...first.letter, subject: "" }, { ...first.letter, surprise: 1 }, { ...first.letter, recipient: "1" },
      { ...first.letter, audience: "other.example" }, { ...first.letter, facts: {} }, { ...first.letter, body: undefined },
    ]) {
      assertProblem(await house.kommunen.send(await house.kommunenSigner.sign(wrong)), 409, "reference_conflict");
    }
  });

  test("but caller and signature come first", async () => {
    const first = await house.accepted();
    assertProblem(await house.verket.send(first.jws), 403, "caller_not_allowed");
    const forged = { ...first.jws, signature: "A".repeat(342) };
    assertProblem(await house.kommunen.send(forged), 403, "signature_invalid");
  });

  test("after the mailbox was closed", async () => {
    const number = await house.newPerson();
    const first = await house.accepted(payload({ recipient: number }));
    await house.service.cli(["mailbox", "close"], `${number}\n`);
    await house.refused(payload({ recipient: number }), [422, "mailbox_closed"]);
    await sameAgain(first);
    await sameAgain(first, await house.kommunenSigner.sign(bytesOf(first.jws)));
  });

  test("after the recipient turned the sender off", async () => {
    const first = await house.accepted(payload({ recipient: CLEO }));
    const cleo = await house.logIn(CLEO);
    await cleo.decline(KOMMUNEN);
    await house.refused(payload({ recipient: CLEO }), [422, "sender_declined"]);
    await sameAgain(first);
    await cleo.accept(KOMMUNEN);
  });

  test("after the certificate was revoked", async () => {
    const made = await house.authority.issue(KOMMUNEN, "p384");
    await house.service.cli(["agency", "cert", "add", made.certificate]);
    const signer = new Signer(made.certificate, made.key, "ES384");
    const first = await house.accepted(payload(), [], { signer });
    await house.service.cli(["agency", "cert", "revoke", made.certificate]);
    await house.refused(payload(), [403, "certificate_revoked"], [], { signer });
    await sameAgain(first);
    await sameAgain(first, await signer.sign(bytesOf(first.jws)));
    assertProblem(await house.kommunen.send(await signer.sign({ ...first.letter, subject: "Ett annat" })), 409, "reference_conflict");
  });

  test("a hundred twins at once are one letter", async () => {
    const cursor = await house.end();
    const letter = payload();
    const bytes = Buffer.from(JSON.stringify(letter));
    const all = await Promise.all(Array.from({ length: 100 }, async () => house.kommunen.send(await house.kommunenSigner.sign(bytes))));
    assert.equal(all.filter(({ status }) => status === 201).length, 1);
    assert.equal(all.filter(({ status }) => status === 200).length, 99);
    assert.equal(new Set(all.map(({ text }) => text)).size, 1, "one receipt");
    assert.equal(await house.countAccepted(cursor, letter.reference), 1);
  });

  test("a hundred different letters under one reference at once: one is accepted, the others conflict", async () => {
    const cursor = await house.end();
    const letter = payload();
    const all = await Promise.all(
      Array.from({ length: 100 }, async (_, at) => house.kommunen.send(await house.kommunenSigner.sign({ ...letter, subject: `Brev ${at}` }))),
    );
    assert.equal(all.filter(({ status }) => status === 201).length, 1);
    const others = all.filter(({ status }) => status !== 201);
    for (const answer of others) assertProblem(answer, 409, "reference_conflict");
    assert.equal(await house.countAccepted(cursor, letter.reference), 1);
  });

  test("twins with attachments at once leave one file", async () => {
    const content = pdf(500_000);
    const objects = house.service.objects();
    const letter = payload({ attachments: [entry(content)] });
    const jws = await house.kommunenSigner.sign(letter);
    const all = await Promise.all(Array.from({ length: 10 }, () => house.kommunen.send(jws, [content])));
    assert.equal(new Set(all.map(({ text }) => text)).size, 1);
    assert.equal(all.filter(({ status }) => status === 201).length, 1);
    await until("the twins' files are gone", () => house.service.objects() === objects + 1);
  });

  test("after a restart", async () => {
    const first = await house.accepted();
    await house.service.stop();
    await house.service.start();
    house.meet();
    const again = await house.kommunen.send(first.jws);
    assert.equal(again.status, 200, again.text);
    assert.equal(again.text, first.answer.text);
  });
}
