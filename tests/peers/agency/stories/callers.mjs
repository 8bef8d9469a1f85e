// Who may act for whom. The caller is the organisation in the TLS certificate, and nothing else.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { assertProblem } from "../support/client.mjs";
import { FORMEDLAREN, KOMMUNEN, payload, Signer, VERKET } from "../support/letter.mjs";
import { until } from "../support/service.mjs";

const NEW_DISPATCHER = "164020000073";
const STRANGER = "164020000081";

export default function callers(house) {
  const who = {};
  before(async () => {
    who.kommunen = { client: house.kommunen, signer: house.kommunenSigner };
    who.verket = { client: house.verket, signer: house.verketSigner };
    who.formedlaren = { client: house.formedlaren, signer: house.formedlarenSigner };
    who.bolaget = { client: house.bolaget, signer: house.bolagetSigner };
    const { service } = house;
    // A dispatcher that nobody lists, registered with a certificate; and an organisation that nobody registered.
    await service.cli(["agency", "add", NEW_DISPATCHER, "Provförmedlaren", "--dispatcher-only"]);
    for (const [name, number] of [["unlisted", NEW_DISPATCHER], ["stranger", STRANGER]]) {
      const made = await house.authority.issue(number, "p256");
      if (name === "unlisted") await service.cli(["agency", "cert", "add", made.certificate]);
      who[name] = { client: house.clientWith(made), signer: new Signer(made.certificate, made.key, "ES256") };
    }
  });

  // caller, signer, sender: what the door says.
  for (const [caller, signer, sender, status, code] of [
    ["kommunen", "kommunen", KOMMUNEN, 201],
    ["verket", "verket", VERKET, 201],
    ["formedlaren", "formedlaren", KOMMUNEN, 201],
    ["formedlaren", "formedlaren", VERKET, 201],
    ["formedlaren", "kommunen", KOMMUNEN, 201],
    ["kommunen", "formedlaren", KOMMUNEN, 201],
    ["formedlaren", "formedlaren", FORMEDLAREN, 403, "sender_unknown"],
    ["formedlaren", "verket", KOMMUNEN, 403, "unknown_key"],
    ["kommunen", "kommunen", VERKET, 403, "caller_not_allowed"],
    ["kommunen", "verket", VERKET, 403, "caller_not_allowed"],
    ["verket", "kommunen", KOMMUNEN, 403, "caller_not_allowed"],
    ["kommunen", "verket", KOMMUNEN, 403, "unknown_key"],
    ["unlisted", "unlisted", KOMMUNEN, 403, "caller_not_allowed"],
    ["unlisted", "kommunen", KOMMUNEN, 403, "caller_not_allowed"],
    ["kommunen", "unlisted", KOMMUNEN, 403, "unknown_key"],
    ["bolaget", "bolaget", KOMMUNEN, 403, "certificate_unknown"],
    ["bolaget", "kommunen", KOMMUNEN, 403, "certificate_unknown"],
    ["bolaget", "bolaget", "164020000040", 403, "certificate_unknown"],
    ["kommunen", "bolaget", KOMMUNEN, 403, "unknown_key"],
    ["stranger", "kommunen", KOMMUNEN, 403, "certificate_unknown"],
    ["stranger", "stranger", STRANGER, 403, "certificate_unknown"],
    ["kommunen", "kommunen", STRANGER, 403, "sender_unknown"],
  ]) {
    test(`${caller} sends for ${sender}, signed by ${signer}: ${status} ${code ?? ""}`, async () => {
      const letter = payload({ sender });
      const answer = await who[caller].client.send(await who[signer].signer.sign(letter));
      if (status === 201) return assert.equal(answer.status, 201, answer.text);
      assertProblem(answer, status, code);
      await house.assertAbsent(letter.reference, house.formedlaren);
    });
  }

  for (const [caller, sender, code] of [
    ["kommunen", VERKET, "caller_not_allowed"], ["unlisted", KOMMUNEN, "caller_not_allowed"], ["bolaget", KOMMUNEN, "certificate_unknown"],
    ["stranger", KOMMUNEN, "certificate_unknown"], ["formedlaren", FORMEDLAREN, "sender_unknown"],
  ]) {
    test(`${caller} may not ask, find or follow for ${sender}`, async () => {
      const { client } = who[caller];
      assertProblem(await client.post("/v1/reachability", { sender, recipients: [] }), 403, code);
      assertProblem(await client.get(`/v1/events?sender=${sender}`), 403, code);
      assertProblem(await client.get(`/v1/letters?reference=a&sender=${sender}`), 403, code);
    });
  }

  test("letters and events are seen by the sender and the dispatchers it lists, by nobody else", async () => {
    const cursors = {};
    for (const [name, { client }] of Object.entries(who)) {
      if (!["bolaget", "stranger"].includes(name)) cursors[name] = await house.end(client);
    }
    const { letter, letter_id } = await house.accepted();
    await until("the sender has its event", () => seen(who.kommunen.client, cursors.kommunen, letter_id));
    assert.ok(await seen(who.formedlaren.client, cursors.formedlaren, letter_id), "its dispatcher has it too");
    for (const name of ["kommunen", "formedlaren"]) {
      assert.equal((await who[name].client.get(`/v1/letters/${letter_id}`)).json.reference, letter.reference);
      assert.equal((await who[name].client.get(`/v1/letters?reference=${letter.reference}`)).json.letter_id, letter_id);
    }
    for (const name of ["verket", "unlisted"]) {
      const { client } = who[name];
      assertProblem(await client.get(`/v1/letters/${letter_id}`), 404, "letter_not_found");
      assertProblem(await client.get(`/v1/letters?reference=${letter.reference}`), 404, "letter_not_found");
      assert.equal(await seen(client, cursors[name], letter_id), false, `${name} sees another's event`);
    }
    for (const name of ["bolaget", "stranger"]) {
      const { client } = who[name];
      assertProblem(await client.get(`/v1/letters/${letter_id}`), 403, "certificate_unknown");
      assertProblem(await client.get("/v1/events"), 403, "certificate_unknown");
    }
  });

  test("the same reference of two senders is two letters, and the sender tells them apart", async () => {
    const letter = payload();
    const one = await house.accepted(letter);
    const other = await house.accepted({ ...letter, sender: VERKET }, [], who.verket);
    assert.notEqual(one.letter_id, other.letter_id);
    for (const [sender, { letter_id }] of [[KOMMUNEN, one], [VERKET, other]]) {
      const found = await house.formedlaren.get(`/v1/letters?reference=${letter.reference}&sender=${sender}`);
      assert.equal(found.json.letter_id, letter_id);
    }
  });

  test("a dispatcher is listed and taken off the list", async () => {
    const { client, signer } = who.unlisted;
    await house.service.cli(["agency", "dispatch", VERKET, NEW_DISPATCHER]);
    const made = await house.accepted(payload({ sender: VERKET }), [], { client, signer });
    assert.equal((await client.get(`/v1/letters/${made.letter_id}`)).status, 200);
    await house.service.cli(["agency", "dispatch", VERKET, NEW_DISPATCHER, "--remove"]);
    const refused = await until("it may no longer send", async () => {
      const answer = await client.send(await signer.sign(payload({ sender: VERKET })));
      return answer.status === 201 ? null : answer;
    });
    assertProblem(refused, 403, "caller_not_allowed");
    assertProblem(await client.get(`/v1/letters/${made.letter_id}`), 404, "letter_not_found");
    assertProblem(await house.verket.send(await signer.sign(payload({ sender: VERKET }))), 403, "unknown_key");
  });

  test("a suspended sender", async () => {
    const number = "164020000099";
    await house.service.cli(["agency", "add", number, "Provmyndigheten"]);
    const made = await house.authority.issue(number, "p256");
    await house.service.cli(["agency", "cert", "add", made.certificate]);
    const self = { client: house.clientWith(made), signer: new Signer(made.certificate, made.key, "ES256") };
    const first = await house.accepted(payload({ sender: number }), [], self);
    await house.service.cli(["agency", "suspend", number]);
    const letter = payload({ sender: number });
    const refused = await until("it is suspended", async () => {
      const answer = await self.client.send(await self.signer.sign(letter));
      return answer.status === 201 ? null : answer;
    });
    assertProblem(refused, 403, "sender_suspended");
    assertProblem(await self.client.get(`/v1/events?sender=${number}`), 403, "sender_suspended");
    assertProblem(await self.client.post("/v1/reachability", { sender: number, recipients: [] }), 403, "sender_suspended");
    assertProblem(await self.client.get(`/v1/letters/${first.letter_id}`), 404, "letter_not_found");
    assert.equal((await self.client.send(first.jws)).json.code, "sender_suspended", "its repeats are refused too");
    await house.service.cli(["agency", "suspend", number, "--resume"]);
    await until("it is accepted again", async () => (await self.client.send(first.jws)).status === 200);
  });
}

/** Whether a letter has an event after the cursor in what this client sees. */
async function seen(client, cursor, letterId) {
  const { json } = await client.get(`/v1/events?limit=1000&after=${cursor}`);
  return json.events.some((event) => event.letter_id === letterId);
}
