// Recipients that cannot be reached: each has its reason, told at the door and by reachability alike.

import assert from "node:assert/strict";
import { test } from "node:test";
import { withCheckDigit } from "../support/house.mjs";
import { BO, KOMMUNEN, payload, VERKET } from "../support/letter.mjs";

export default function recipients(house) {
  /** The letter is refused with this code, nothing is stored, and reachability says the same. */
  async function unreachable(recipient, code) {
    const cursor = await house.end();
    await house.refused(payload({ recipient }), [422, code, "/recipient"]);
    const { json } = await house.kommunen.post("/v1/reachability", { sender: KOMMUNEN, recipients: [recipient] });
    assert.deepEqual(json.results, [{ recipient, reachable: false, reason: code }]);
    await house.assertNothingSince(cursor);
  }

  test("nobody with this number has a mailbox", async () => {
    await unreachable("197010632391", "recipient_unknown");
    await unreachable("164020000065", "recipient_unknown");
    await unreachable(KOMMUNEN, "recipient_unknown");
  });

  test("a child", () => unreachable(withCheckDigit(`${new Date().getUTCFullYear() - 7}0203238`), "recipient_under_age"));

  test("a closed mailbox", async () => {
    const number = await house.newPerson();
    await house.accepted(payload({ recipient: number }));
    await house.service.cli(["mailbox", "close"], `${number}\n`);
    await unreachable(number, "mailbox_closed");
  });

  test("someone who has died, and whose death was noted by mistake", async () => {
    const number = await house.newPerson();
    await house.accepted(payload({ recipient: number }));
    await house.service.cli(["mailbox", "deceased", "--on", new Date().toISOString().slice(0, 10)], `${number}\n`);
    await unreachable(number, "recipient_deceased");
    await house.service.cli(["mailbox", "deceased", "--undo"], `${number}\n`);
    await house.accepted(payload({ recipient: number }));
  });

  test("someone whose row another hand has changed: nothing is believed, and nothing stored", async (t) => {
    const number = await house.newPerson();
    await house.accepted(payload({ recipient: number }));
    if ((await house.service.sql("SELECT count(*) FROM person")) === null) return t.skip("there is no sqlite3 here to write the death with");
    // The youngest mailbox is this person's.
    await house.service.sql(
      `UPDATE person SET deceased_at = ${Date.now()} WHERE person_id = (SELECT owner_id FROM mailbox ORDER BY opened_at DESC LIMIT 1)`,
    );
    const cursor = await house.end();
    await house.refused(payload({ recipient: number }), [503, "unavailable", undefined]);
    const { json } = await house.kommunen.post("/v1/reachability", { sender: KOMMUNEN, recipients: [number, BO] });
    assert.deepEqual(json.results, [{ recipient: number, reachable: false, reason: "unavailable" }, { recipient: BO, reachable: true, reason: null }]);
    await house.assertNothingSince(cursor);
  });

  test("a sender that was turned off is refused, others are not; turned on again it is accepted", async () => {
    const bo = await house.logIn(BO);
    await bo.decline(KOMMUNEN);
    await unreachable(BO, "sender_declined");
    await house.accepted(payload({ recipient: BO, sender: VERKET }), [], { client: house.verket, signer: house.verketSigner });
    await bo.accept(KOMMUNEN);
    await house.accepted(payload({ recipient: BO }));
  });
}
