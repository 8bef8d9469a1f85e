// Other settings than the demo's: a scanner, small limits, little room. Last, since the service starts anew.

import assert from "node:assert/strict";
import net from "node:net";
import { after, before, test } from "node:test";
import { assertProblem } from "../support/client.mjs";
import { entry, KOMMUNEN, payload, pdf } from "../support/letter.mjs";

export default function settings(house) {
  const scanner = new Scanner();
  before(async () => {
    await scanner.listen();
    await house.service.stop();
    await house.service.serve((toml) =>
      toml
        .replace("[scanner]", `[scanner]\nclamd = "127.0.0.1:${scanner.port}"`)
        .replace(/^queue_mib = .*/m, "queue_mib = 1")
        .replace(/^attachments = .*/m, "attachments = 2")
        .replace(/^body_bytes = .*/m, "body_bytes = 1000")
        .replace(/^letter_bytes = .*/m, "letter_bytes = 300000")
        .replace(/^address_tags_per_second = .*/m, "address_tags_per_second = 1")
        .replace(/^address_tags_burst = .*/m, "address_tags_burst = 100"),
    );
    house.meet();
  });
  after(() => scanner.close());

  const file = entry(pdf(), "beslut.pdf");
  const letter = (content) => payload({ attachments: [entry(content, "a.txt", "text/plain")] });

  test("capabilities tell the limits in force", async () => {
    const { limits } = (await house.kommunen.get("/v1/capabilities")).json;
    assert.deepEqual([limits.letter_bytes, limits.body_bytes, limits.attachments], [300_000, 1000, 2]);
  });

  test("the limits in force are kept", async () => {
    await house.refused(payload({ attachments: [file, file, file] }), [413, "too_many_attachments"]);
    await house.refused(payload({ body: { media_type: "text/plain", content: "x".repeat(1001) } }), [413, "body_too_large"]);
    const jws = JSON.stringify(await house.kommunenSigner.sign(payload())).padEnd(300_001);
    assertProblem(await house.kommunen.send(jws), 413, "letter_too_large");
  });

  test("what the scanner finds is refused, what it does not find is accepted", async () => {
    await house.refused(letter("X5O! EICAR"), [422, "infected", "/attachments/0"], ["X5O! EICAR"]);
    await house.accepted(letter("frisk"), ["frisk"]);
    assert.equal(scanner.seen, 2);
  });

  test("a scanner that does not know, or is gone, stops the letter with 503", async () => {
    const refused = async () => {
      const answer = await house.refused(letter("frisk"), [503, "scanner_unavailable"], ["frisk"]);
      assert.match(answer.headers["retry-after"], /^\d+$/);
    };
    scanner.answer = "INSTREAM size limit exceeded. ERROR\0";
    await refused();
    scanner.answer = "";
    await refused();
    scanner.close();
    await refused();
    await house.accepted(payload(), [], {}); // nothing to scan
  });

  test("when there is no room the sender is told to come back", async () => {
    const large = payload({ body: { media_type: "text/plain", content: "x" } });
    const jws = JSON.stringify(await house.kommunenSigner.sign(large)).padEnd(290_000);
    const answer = await house.kommunen.send(jws);
    assertProblem(answer, 503, "overloaded");
    assert.match(answer.headers["retry-after"], /^[1-9]\d*$/);
    await house.assertAbsent(large.reference);
  });

  test("who asks for too many addresses is told to wait", async () => {
    const recipients = Array(90).fill("197010632391");
    const ask = () => house.kommunen.post("/v1/reachability", { sender: KOMMUNEN, recipients });
    let answer = await ask();
    for (let turn = 0; turn < 3 && answer.status === 200; turn += 1) answer = await ask();
    assertProblem(answer, 429, "rate_limited");
    assert.match(answer.headers["retry-after"], /^[1-9]\d*$/);
  });
}

/** A daemon that speaks ClamAV's INSTREAM and finds what contains EICAR. */
class Scanner {
  seen = 0;
  answer = null;

  listen() {
    this.server = net.createServer((socket) => this.#serve(socket));
    return new Promise((resolve) => {
      this.server.listen(0, "127.0.0.1", () => {
        this.port = this.server.address().port;
        resolve();
      });
    });
  }

  close() {
    this.server.close();
  }

  #serve(socket) {
    let bytes = Buffer.alloc(0);
    let told = false;
    socket.on("error", () => {});
    socket.on("data", (piece) => {
      bytes = Buffer.concat([bytes, piece]);
      const end = told ? -1 : streamEnd(bytes);
      if (end < 0) return;
      told = true;
      this.seen += 1;
      const found = bytes.includes("EICAR") ? "stream: Eicar-Test-Signature FOUND\0" : "stream: OK\0";
      socket.end(this.answer ?? found);
    });
  }
}

/** Where the frames end, or -1. */
function streamEnd(bytes) {
  let at = "zINSTREAM\0".length;
  while (bytes.length >= at + 4) {
    const length = bytes.readUInt32BE(at);
    at += 4 + length;
    if (length === 0) return at;
  }
  return -1;
}
