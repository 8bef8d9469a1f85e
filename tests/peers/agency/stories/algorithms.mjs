// Keys of every kind that the API names, with certificates registered by the operator's command line.

import assert from "node:assert/strict";
import { test } from "node:test";
import { assertProblem } from "../support/client.mjs";
import { KOMMUNEN, payload, Signer } from "../support/letter.mjs";

export default function algorithms(house) {
  for (const [kind, algs] of [
    ["ed25519", ["EdDSA", "Ed25519"]],
    ["p256", ["ES256"]],
    ["p384", ["ES384"]],
    ["rsa", ["PS256", "RS256"]],
  ]) {
    test(`a certificate with a key of ${kind} signs by ${algs.join(" and ")}`, async () => {
      const made = await house.authority.issue(KOMMUNEN, kind);
      const first = new Signer(made.certificate, made.key, algs[0]);
      const unknown = await house.kommunen.send(await first.sign(payload()));
      assertProblem(unknown, 403, "unknown_key");

      const said = await house.service.cli(["agency", "cert", "add", made.certificate]);
      assert.match(said, new RegExp(`registered for ${KOMMUNEN}`));
      for (const alg of algs) {
        const signer = new Signer(made.certificate, made.key, alg);
        await house.accepted(payload(), [], { signer });
      }
    });

    test(`a key of ${kind} does not sign by an algorithm of another kind`, async () => {
      const made = await house.authority.issue(KOMMUNEN, kind);
      await house.service.cli(["agency", "cert", "add", made.certificate]);
      const signer = new Signer(made.certificate, made.key, algs[0]);
      const letter = payload();
      const jws = await signer.sign(letter);
      const alg = kind === "p256" ? "ES384" : "ES256";
      const header = Buffer.from(JSON.stringify(await signer.header({ alg }))).toString("base64url");
      assertProblem(await house.kommunen.send({ ...jws, protected: header }), 400, "algorithm_not_allowed");
      await house.assertAbsent(letter.reference);
    });
  }

  test("the same key in a renewed certificate: kid finds it, x5t#S256 names the one", async () => {
    const old = await house.authority.issue(KOMMUNEN, "p256");
    await house.service.cli(["agency", "cert", "add", old.certificate]);
    const signer = new Signer(old.certificate, old.key, "ES256");
    const header = await signer.header();
    delete header["x5t#S256"];
    assert.equal((await house.kommunen.send(await signer.sign(payload(), header))).status, 201);
    const other = { ...(await signer.header()), "x5t#S256": house.kommunenSigner.x5t() };
    assertProblem(await house.kommunen.send(await signer.sign(payload(), other)), 403, "unknown_key");
  });
}
