// Who can be reached: a thousand at once, one answer each, in order.

import assert from "node:assert/strict";
import { test } from "node:test";
import { assertProblem } from "../support/client.mjs";
import { withCheckDigit } from "../support/house.mjs";
import { ANNA, BO, BOLAGET, KOMMUNEN } from "../support/letter.mjs";

export default function reachability(house) {
  const ask = (recipients, sender = KOMMUNEN) => house.kommunen.post("/v1/reachability", { sender, recipients });

  test("each answer stands where its question stood", async () => {
    const asked = [ANNA, "hej", BOLAGET, "198101052383", "197010632391", BO, "", ANNA, "164020000065"];
    const { status, json, text } = await ask(asked);
    assert.equal(status, 200, text);
    assert.deepEqual(json.results, [
      { recipient: ANNA, reachable: true, reason: null },
      { recipient: "hej", reachable: false, reason: "identity_invalid" },
      { recipient: BOLAGET, reachable: true, reason: null },
      { recipient: "198101052383", reachable: false, reason: "check_digit_invalid" },
      { recipient: "197010632391", reachable: false, reason: "recipient_unknown" },
      { recipient: BO, reachable: true, reason: null },
      { recipient: "", reachable: false, reason: "identity_invalid" },
      { recipient: ANNA, reachable: true, reason: null },
      { recipient: "164020000065", reachable: false, reason: "recipient_unknown" },
    ]);
  });

  test("a thousand", async () => {
    const asked = Array.from({ length: 999 }, (_, at) => withCheckDigit(`19600101${String(at).padStart(3, "0")}`));
    asked.splice(500, 0, ANNA);
    const { status, json, text } = await ask(asked);
    assert.equal(status, 200, text);
    assert.deepEqual(json.results.map(({ recipient }) => recipient), asked);
    assert.deepEqual(json.results.map(({ reachable }) => reachable), asked.map((number) => number === ANNA));
    assert.ok(json.results.every(({ reachable, reason }) => reason === (reachable ? null : "recipient_unknown")));
  });

  test("none", async () => assert.deepEqual((await ask([])).json, { results: [] }));

  test("a thousand and one are refused", async () => {
    assertProblem(await ask(Array(1001).fill(ANNA)), 400, "malformed_request", "/recipients");
  });

  test("a sender that is none", async () => {
    assertProblem(await ask([ANNA], "1"), 400, "identity_invalid", "/sender");
    assertProblem(await ask([ANNA], "164020000017"), 400, "check_digit_invalid", "/sender");
  });

  test("other bodies", async () => {
    const send = (type, body) => house.kommunen.ask("POST", "/v1/reachability", { headers: type ? { "content-type": type } : {}, body });
    const good = JSON.stringify({ sender: KOMMUNEN, recipients: [] });
    for (const body of ["", "{", "[]", "null", "{}", `{"sender":"${KOMMUNEN}"}`, good.replace("}", ',"extra":1}'), good.replace("[]", "null"),
      good.replace("[]", "[1]"), good.replace("{", `{"sender":"${KOMMUNEN}",`), `${good}x`]) {
      assertProblem(await send("application/json", body), 400, "malformed_request");
    }
    assertProblem(await send("text/plain", good), 415, "unsupported_media_type");
    assertProblem(await send(undefined, good), 415, "unsupported_media_type");
    assert.equal((await send("application/json; charset=utf-8", good)).status, 200);
    const large = JSON.stringify({ sender: KOMMUNEN, recipients: Array(1000).fill("x".repeat(3000)) });
    const answer = await send("application/json", large);
    assert.equal(answer.status, 413);
    assert.equal(answer.headers["content-type"], "application/problem+json");
  });
}
