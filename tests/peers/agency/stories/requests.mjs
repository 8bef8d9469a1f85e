// What is wrong with the request before there is a letter to judge: multipart, types, methods, addresses, queries.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertProblem, multipart, parts } from "../support/client.mjs";
import { entry, payload, pdf } from "../support/letter.mjs";

export default function requests(house) {
  let cursor, jws, letter;
  before(async () => {
    cursor = await house.end();
    letter = payload({ attachments: [entry(pdf(3000))] });
    jws = await house.kommunenSigner.sign(letter);
  });
  after(async () => {
    await house.assertAbsent(letter.reference);
    await house.assertNothingSince(cursor);
  });

  /** A body under a content type is refused so. */
  function refuses(what, [status, code], make) {
    test(what, async () => {
      const { type, body } = await make(multipart(parts(jws, [pdf(3000)])));
      const headers = type === undefined ? {} : { "content-type": type };
      assertProblem(await house.kommunen.ask("POST", "/v1/letters", { headers, body }), status, code);
    });
  }
  const form = (boundary) => `multipart/form-data; boundary=${boundary}`;

  const TYPE = [415, "unsupported_media_type"];
  refuses("no content type", TYPE, ({ body }) => ({ body }));
  refuses("JSON", TYPE, () => ({ type: "application/json", body: JSON.stringify(jws) }));
  refuses("a JWS without its form", TYPE, () => ({ type: "application/jose+json", body: JSON.stringify(jws) }));
  refuses("another multipart", TYPE, ({ boundary, body }) => ({ type: `multipart/mixed; boundary=${boundary}`, body }));
  refuses("a content type that is none", TYPE, ({ body }) => ({ type: "hej", body }));

  const FORM = [400, "multipart_invalid"];
  refuses("no boundary", FORM, ({ body }) => ({ type: "multipart/form-data", body }));
  refuses("another boundary", FORM, ({ body }) => ({ type: form("annan"), body }));
  refuses("garbage", FORM, ({ boundary }) => ({ type: form(boundary), body: Buffer.alloc(5000, 7) }));
  refuses("an empty body", FORM, ({ boundary }) => ({ type: form(boundary), body: "" }));
  refuses("cut in the letter", FORM, ({ boundary, body }) => ({ type: form(boundary), body: body.subarray(0, 400) }));
  refuses("cut in the attachment", FORM, ({ boundary, body }) => ({ type: form(boundary), body: body.subarray(0, body.length - 1500) }));
  refuses("cut in the last boundary", FORM, ({ boundary, body }) => ({ type: form(boundary), body: body.subarray(0, body.length - 10) }));
  refuses("part headers without end", FORM, ({ boundary }) => ({
    type: form(boundary),
    body: `--${boundary}\r\n${`X-A: ${"a".repeat(1000)}\r\n`.repeat(200)}`,
  }));

  const FIRST = [400, "letter_part_missing"];
  refuses("no part", FIRST, ({ boundary }) => ({ type: form(boundary), body: `--${boundary}--\r\n` }));
  refuses("the attachment first", FIRST, () => {
    const { boundary, body } = multipart(parts(jws, [pdf(3000)]).reverse());
    return { type: form(boundary), body };
  });
  refuses("the letter under another name", FIRST, () => {
    const { boundary, body } = multipart([{ ...parts(jws)[0], name: "brev" }]);
    return { type: form(boundary), body };
  });
  for (const type of ["application/json", "application/jose", "text/plain"]) {
    refuses(`the letter part as ${type}`, [415, "letter_part_type"], () => {
      const { boundary, body } = multipart([{ ...parts(jws)[0], type }]);
      return { type: form(boundary), body };
    });
  }
  refuses("a letter part of more than 1 MiB", [413, "letter_too_large"], () => {
    const { boundary, body } = multipart(parts(JSON.stringify(jws).padEnd(1024 * 1024 + 1)));
    return { type: form(boundary), body };
  });

  test("a letter part of just 1 MiB is read", async () => {
    const { boundary, body } = multipart(parts(JSON.stringify(await house.kommunenSigner.sign(payload())).padEnd(1024 * 1024)));
    const headers = { "content-type": form(boundary) };
    const answer = await house.kommunen.ask("POST", "/v1/letters", { headers, body });
    assert.equal(answer.status, 201, answer.text);
    cursor = await house.end();
  });

  test("a boundary in quotes, a preamble and an epilogue are as RFC 2046 has them", async () => {
    const { body } = multipart(parts(await house.kommunenSigner.sign(payload())), "en grans");
    const around = Buffer.concat([Buffer.from("preamble\r\n"), body, Buffer.from("epilogue")]);
    const headers = { "content-type": 'multipart/form-data; boundary="en grans"' };
    const answer = await house.kommunen.ask("POST", "/v1/letters", { headers, body: around });
    assert.equal(answer.status, 201, answer.text);
    cursor = await house.end();
  });

  for (const [method, address, allow] of [
    ["PUT", "/v1/letters", "GET, POST"], ["DELETE", "/v1/letters", "GET, POST"], ["PATCH", "/v1/letters", "GET, POST"],
    ["POST", "/v1/letters/01a06066-9469-7443-a024-85446134263e", "GET"], ["DELETE", "/v1/events", "GET"],
    ["GET", "/v1/reachability", "POST"], ["POST", "/v1/capabilities", "GET"], ["PUT", "/v1/openapi.json", "GET"],
    ["OPTIONS", "/v1/letters", "GET, POST"],
  ]) {
    test(`${method} ${address}`, async () => {
      const answer = await house.kommunen.ask(method, address, method === "GET" ? {} : { body: "" });
      assertProblem(answer, 405, "method_not_allowed");
      assert.equal(answer.headers.allow, allow);
    });
  }
  for (const address of ["/", "/v1", "/v1/", "/v2/letters", "/v1/letters/", "/v1/letters/a/b", "/v1/receipts", "/health/live", "/metrics", "/log/keys"]) {
    test(`there is nothing at ${address}`, async () => assertProblem(await house.kommunen.get(address), 404, "not_found"));
  }

  for (const query of ["", "?referens=x", "?reference=a&reference=b", "?reference=a&extra=1", "?sender=164020000016"]) {
    test(`letters${query}`, async () => assertProblem(await house.kommunen.get(`/v1/letters${query}`), 400, "malformed_request"));
  }
  for (const query of ["limit=0", "limit=1001", "limit=-1", "limit=x", "wait=61", "wait=-1", "wait=1.5", "extra=1", "limit=1&limit=2", "limit="]) {
    test(`events?${query}`, async () => assertProblem(await house.kommunen.get(`/v1/events?${query}`), 400, "malformed_request"));
  }
  test("a sender in a query that is none", async () => {
    assertProblem(await house.kommunen.get("/v1/events?sender=1"), 400, "identity_invalid");
    assertProblem(await house.kommunen.get("/v1/events?sender=164020000017"), 400, "check_digit_invalid");
    assertProblem(await house.kommunen.get("/v1/letters?reference=a&sender=1"), 400, "identity_invalid");
  });
  for (const id of ["x", "00000000-0000-0000-0000-000000000000", "01a06066-9469-7443-a024-85446134263e", "%2e%2e", "%ff"]) {
    test(`letters/${id} is not there`, async () => assertProblem(await house.kommunen.get(`/v1/letters/${id}`), 404, "letter_not_found"));
  }
  test("a reference that was never used", async () => {
    assertProblem(await house.kommunen.get("/v1/letters?reference=aldrig"), 404, "letter_not_found");
  });

  test("answers are not cached, sniffed or framed", async () => {
    const { headers } = await house.kommunen.get("/v1/letters?reference=aldrig");
    assert.equal(headers["cache-control"], "no-store");
    assert.equal(headers["x-content-type-options"], "nosniff");
  });
}
