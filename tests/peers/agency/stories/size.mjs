// A hundred MiB in and out again, in bounded memory.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { CLEO, entry, payload, pdf } from "../support/letter.mjs";

const MIB = 1024 * 1024;
const MOST = 64 * MIB;

export default function size(house) {
  /** How far the service's memory grows above where it stands now, while `act` runs. */
  async function growth(act) {
    house.service.forgetPeak();
    const before = house.service.memory("VmRSS");
    const result = await act();
    return { result, grew: house.service.memory("VmHWM") - before };
  }

  test("100 MiB in and out", async (t) => {
    const subject = `Stort ${Date.now()}`;
    const content = pdf(100 * MIB);
    assert.equal(content.length, 100 * MIB);
    const letter = payload({ recipient: CLEO, subject, attachments: [entry(content, "stor.pdf")] });
    const jws = await house.kommunenSigner.sign(letter);

    const into = await growth(() => house.kommunen.send(jws, [content]));
    assert.equal(into.result.status, 201, into.result.text);
    t.diagnostic(`in: ${(into.grew / MIB).toFixed(1)} MiB growth`);
    assert.ok(into.grew < MOST, `memory grew by ${into.grew} bytes`);

    const cleo = await house.logIn(CLEO);
    const page = await cleo.open(subject);
    const links = [...page.matchAll(/href="([^"]*\/download)"/g)].map(([, link]) => link);
    assert.equal(links.length, 1, "one file to download");
    const out = await growth(async () => {
      const answer = await fetch(links[0]);
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get("content-length"), String(content.length));
      const hash = createHash("sha256");
      for await (const piece of answer.body) hash.update(piece);
      return hash.digest("base64url");
    });
    assert.equal(out.result, letter.attachments[0].sha256, "other bytes came out");
    t.diagnostic(`out: ${(out.grew / MIB).toFixed(1)} MiB growth`);
    assert.ok(out.grew < MOST, `memory grew by ${out.grew} bytes`);

    const part = await fetch(links[0], { headers: { range: `bytes=${60 * MIB}-${60 * MIB + 99}` } });
    assert.equal(part.status, 206);
    assert.deepEqual(Buffer.from(await part.arrayBuffer()), content.subarray(60 * MIB, 60 * MIB + 100));
  });

  test("eight of 30 MiB at once", async (t) => {
    const content = pdf(30 * MIB);
    const { grew, result } = await growth(() =>
      Promise.all(
        Array.from({ length: 8 }, async () => house.kommunen.send(await house.kommunenSigner.sign(payload({ attachments: [entry(content)] })), [content])),
      ),
    );
    assert.deepEqual(result.map(({ status }) => status), Array(8).fill(201));
    t.diagnostic(`${(grew / MIB).toFixed(1)} MiB growth`);
    assert.ok(grew < MOST, `memory grew by ${grew} bytes`);
  });
}
