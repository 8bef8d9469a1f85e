// What the letter part decides is decided before attachments are read; a sender that goes on writing gets its answer.

import assert from "node:assert/strict";
import { test } from "node:test";
import https from "node:https";
import { multipart, parts } from "../support/client.mjs";
import { entry, payload, pdf } from "../support/letter.mjs";
import { until } from "../support/service.mjs";

const MIB = 1024 * 1024;

export default function early(house) {
  /** The head of a letter whose attachment is to have `bytes`, and how long the whole body is to be. */
  async function announced(bytes, more = {}) {
    const file = { name: "stor.pdf", media_type: "application/pdf", bytes, sha256: "A".repeat(43) };
    const letter = payload({ attachments: [file], ...more });
    const { boundary, body } = multipart(parts(await house.kommunenSigner.sign(letter), [""]));
    const end = body.length - `\r\n--${boundary}--\r\n`.length;
    return { letter, head: body.subarray(0, end), tail: body.subarray(end), length: body.length + bytes, boundary };
  }

  /** Writes a request by hand and reads until the other side closes. */
  async function write(request, { go = 0, after } = {}) {
    const socket = await house.kommunen.connect({ ALPNProtocols: ["http/1.1"] });
    let answer = "";
    let wrote = 0;
    let broke = false;
    const closed = new Promise((resolve) => {
      socket.on("data", (bytes) => (answer += bytes.toString("latin1")));
      socket.once("close", resolve);
      socket.on("error", () => (broke = true));
    });
    socket.write(request);
    const piece = Buffer.alloc(64 * 1024, 32);
    while (wrote < go && !socket.destroyed && !broke) {
      wrote += piece.length;
      if (!socket.write(piece)) await Promise.race([new Promise((resolve) => socket.once("drain", resolve)), closed]);
    }
    if (after && !socket.destroyed) socket.write(after);
    await closed;
    return { answer, wrote };
  }

  const headers = ({ length, boundary }, more = "") =>
    `POST /v1/letters HTTP/1.1\r\nHost: ${house.kommunen.door.host}\r\nContent-Type: multipart/form-data; boundary=${boundary}\r\n` +
    `Content-Length: ${length}\r\n${more}\r\n`;

  test("a refusal comes while 90 MiB are still to be sent; some MiB are taken, then the connection closes", async () => {
    const big = await announced(90 * MIB, { recipient: "197010632391" });
    const { answer, wrote } = await write(Buffer.concat([Buffer.from(headers(big)), big.head]), { go: 90 * MIB });
    assert.match(answer, /^HTTP\/1\.1 422 /);
    assert.match(answer, /"code":"recipient_unknown"/);
    assert.match(answer, /\r\nconnection: close\r\n/i);
    // 8 MiB are discarded; what lies in the buffers of two sockets comes on top.
    assert.ok(wrote < 32 * MIB, `${wrote} bytes were taken`);
    await house.assertAbsent(big.letter.reference);
  });

  test("after a refusal whose body is small the connection goes on", async () => {
    const small = await announced(3 * MIB, { recipient: "197010632391" });
    const next = `GET /v1/capabilities HTTP/1.1\r\nHost: ${house.kommunen.door.host}\r\nConnection: close\r\n\r\n`;
    const body = Buffer.alloc(3 * MIB, 32);
    const { answer } = await write(Buffer.concat([Buffer.from(headers(small)), small.head, body, small.tail]), { after: next });
    assert.match(answer, /^HTTP\/1\.1 422 /);
    assert.match(answer, /HTTP\/1\.1 200 OK/);
  });

  test("garbage of 90 MiB is refused early too", async () => {
    const boundary = "grans";
    const { answer, wrote } = await write(Buffer.from(headers({ length: 90 * MIB, boundary })), { go: 90 * MIB });
    assert.match(answer, /^HTTP\/1\.1 400 /);
    assert.match(answer, /"code":"multipart_invalid"/);
    assert.ok(wrote < 32 * MIB, `${wrote} bytes were taken`);
  });

  test("a wrong content type is answered without reading 90 MiB", async () => {
    const request = headers({ length: 90 * MIB, boundary: "x" }).replace("multipart/form-data; boundary=x", "application/json");
    const { answer, wrote } = await write(Buffer.from(request), { go: 90 * MIB });
    assert.match(answer, /^HTTP\/1\.1 415 /);
    assert.ok(wrote < 32 * MIB, `${wrote} bytes were taken`);
  });

  test("a client that hangs up in the middle leaves nothing", async () => {
    const objects = house.service.objects();
    const big = await announced(20 * MIB);
    const socket = await house.kommunen.connect({ ALPNProtocols: ["http/1.1"] });
    socket.on("error", () => {});
    await new Promise((resolve) => socket.write(Buffer.concat([Buffer.from(headers(big)), big.head, pdf(5 * MIB)]), resolve));
    socket.destroy();
    await house.accepted();
    await house.assertAbsent(big.letter.reference);
    await until("its file is gone", () => house.service.objects() === objects);
  });

  /** With Expect: 100-continue; tells whether the door asked for the body. */
  function expecting(head, rest, boundary) {
    return new Promise((resolve, reject) => {
      const request = https.request({
        ...house.kommunen.tls,
        method: "POST",
        path: "/v1/letters",
        agent: false,
        headers: {
          "content-type": `multipart/form-data; boundary=${boundary}`,
          "content-length": head.length + rest.length,
          expect: "100-continue",
        },
      });
      let asked = false;
      request.once("continue", () => {
        asked = true;
        request.write(head);
        request.end(rest);
      });
      request.once("response", async (response) => {
        const pieces = [];
        for await (const piece of response) pieces.push(piece);
        resolve({ asked, status: response.statusCode, text: Buffer.concat(pieces).toString() });
        request.destroy();
      });
      request.once("error", reject);
      request.flushHeaders();
    });
  }

  test("Expect: 100-continue asks for the body of a request that can be read", async () => {
    const content = pdf(400_000);
    const letter = payload({ attachments: [entry(content)] });
    const { boundary, body } = multipart(parts(await house.kommunenSigner.sign(letter), [content]));
    const answer = await expecting(body.subarray(0, 1000), body.subarray(1000), boundary);
    assert.equal(answer.asked, true);
    assert.equal(answer.status, 201, answer.text);
  });

  test("Expect: 100-continue is answered at once when the headers alone decide", async () => {
    const { body } = multipart([]);
    for (const [client, type, status] of [
      [house.kommunen, "application/json", 415],
      [house.bolaget, "multipart/form-data; boundary=x", 403],
    ]) {
      const answer = await new Promise((resolve, reject) => {
        const request = https.request({
          ...client.tls, method: "POST", path: "/v1/letters", agent: false,
          headers: { "content-type": type, "content-length": 50 * MIB, expect: "100-continue" },
        });
        let asked = false;
        request.once("continue", () => {
          asked = true;
          request.end(body);
        });
        request.once("response", (response) => {
          response.resume();
          resolve({ asked, status: response.statusCode });
          request.destroy();
        });
        request.once("error", reject);
        request.flushHeaders();
      });
      assert.deepEqual(answer, { asked: false, status });
    }
  });
}
