// The API says what it is: description, capabilities, catalogue and the door itself agree.

import assert from "node:assert/strict";
import fs from "node:fs";
import { before, test } from "node:test";
import { entry, KOMMUNEN, payload } from "../support/letter.mjs";

export default function description(house) {
  let api, capabilities;
  before(async () => {
    api = (await house.kommunen.get("/v1/openapi.json")).json;
    capabilities = (await house.kommunen.get("/v1/capabilities")).json;
  });
  const schema = (name) => api.components.schemas[name];

  test("it is OpenAPI 3.1, and every reference leads somewhere", () => {
    assert.match(api.openapi, /^3\.1\./);
    const text = JSON.stringify(api);
    for (const [, name] of text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)) assert.ok(schema(name), name);
    assert.ok(!/"\$ref":"(?!#\/components)/.test(text));
  });

  test("every path answers with a status that it names", async () => {
    for (const [address, methods] of Object.entries(api.paths)) {
      for (const [method, { responses }] of Object.entries(methods)) {
        const answer = await house.kommunen.ask(method.toUpperCase(), address.replace("{letter_id}", "x"), method === "post" ? { body: "" } : {});
        assert.ok(responses[answer.status], `${method} ${address}: ${answer.status} is not described`);
        const type = answer.headers["content-type"];
        assert.ok(responses[answer.status].content[type], `${method} ${address}: ${type} is not described`);
      }
    }
  });

  test("capabilities and description list the same words", () => {
    const letter = schema("Letter");
    assert.deepEqual(Object.keys(letter.properties).sort(), [...capabilities.members].sort());
    assert.deepEqual(letter.properties.attachments.items.properties.media_type.enum, capabilities.attachment_types);
    assert.deepEqual(letter.properties.kind.enum.filter(Boolean), capabilities.kinds);
    assert.deepEqual(letter.properties.receipt.enum.filter(Boolean), capabilities.receipts);
    assert.deepEqual(schema("LetterStatus").properties.state["x-extensible-enum"], capabilities.letter_states);
    assert.deepEqual(schema("EventType")["x-extensible-enum"], capabilities.event_types);
    assert.deepEqual(schema("Reachability").properties.reason["x-extensible-enum"], capabilities.unreachable_reasons);
    assert.deepEqual(Object.keys(schema("Capabilities").properties).sort(), Object.keys(capabilities).sort());
    assert.equal(letter.properties.attachments.maxItems, capabilities.limits.attachments);
    const said = schema("FlattenedJws").description;
    for (const alg of capabilities.algorithms) assert.ok(said.includes(alg), alg);
    assert.deepEqual(capabilities.algorithms, ["EdDSA", "Ed25519", "ES256", "ES384", "PS256", "RS256"]);
    assert.deepEqual(capabilities.limits, {
      letter_bytes: 1048576, body_bytes: 262144, attachments: 25, attachment_bytes: 104857600, total_bytes: 262144000,
    });
  });

  test("every code of the description stands in docs/errors.md with its status", () => {
    const page = fs.readFileSync(new URL("../../../../docs/errors.md", import.meta.url), "utf8");
    for (const code of schema("Problem").properties.code["x-extensible-enum"]) {
      const status = new RegExp(`^\\| \`${code}\` \\| (\\d{3}) \\|`, "m").exec(page)?.[1];
      assert.ok(status, `${code} is not in the catalogue`);
    }
  });

  test("every member in force has an effect, every reserved one is refused", async () => {
    await house.accepted(
      payload({ attachments: [entry("a", "a.txt", "text/plain")], audience: capabilities.operator, kind: capabilities.kinds[0], reply: capabilities.replies[0] }),
      ["a"],
    );
    for (const member of capabilities.not_supported) await house.refused(payload({ [member]: {} }), [422, "not_supported", `/${member}`]);
    for (const kind of capabilities.kinds) await house.accepted(payload({ kind }));
  });

  test("the promise of 201 is printed where it is made", () => {
    const { description } = api.paths["/v1/letters"].post;
    assert.match(description, /committed in one transaction/);
    assert.match(description, /repeat the same request until 2xx or a 4xx other than 408, 425, 429/);
  });

  test("the web origin shows it as a page of its own, with nothing from elsewhere", async () => {
    const answer = await fetch(`${house.service.urls.web}/developers`);
    assert.equal(answer.status, 200);
    const page = await answer.text();
    for (const address of Object.keys(api.paths)) assert.ok(page.includes(address), address);
    const loaded = [...page.matchAll(/<(?:script|link|img|iframe)[^>]*(?:src|href)="([^"]+)"/g)].map(([, url]) => url);
    for (const url of loaded) assert.ok(url.startsWith("/") && !url.startsWith("//"), url);
    const shown = await (await fetch(`${house.service.urls.web}/developers/openapi.json`)).json();
    assert.deepEqual(shown, api);
  });

  test("what the description calls a letter is what the door takes", async () => {
    // A schema without a validator: required members and no others.
    const letter = schema("Letter");
    for (const member of letter.required) await house.refused({ ...payload({ sender: KOMMUNEN }), [member]: undefined }, [400, "field_missing"]);
    assert.equal(letter.additionalProperties, false);
  });
}
