// The feed: ordered, replayable, complete; one waits for it; a letter that is not visible yet.

import assert from "node:assert/strict";
import { test } from "node:test";
import { assertProblem } from "../support/client.mjs";
import { ANNA, KOMMUNEN, payload, VERKET } from "../support/letter.mjs";
import { until } from "../support/service.mjs";

const TYPES = ["accepted", "notice_sent", "notice_failed", "no_contact_point", "notice_not_needed", "opened"];

export default function events(house) {
  /** The whole feed by pages of `limit`. */
  async function all(limit, client = house.kommunen, more = "") {
    const list = [];
    let after = "";
    for (;;) {
      const { json, status, text } = await client.get(`/v1/events?limit=${limit}${after && `&after=${after}`}${more}`);
      assert.equal(status, 200, text);
      assert.ok(json.events.length <= limit);
      assert.ok(json.next, "next is always there");
      list.push(...json.events);
      if (json.events.length === 0) return list;
      after = json.next;
    }
  }

  test("pages of any size hold the same events in the same order, each once", async () => {
    for (let i = 0; i < 5; i += 1) await house.accepted();
    const whole = await settled(() => all(1000));
    assert.ok(whole.length > 10);
    assert.equal(new Set(whole.map(({ id }) => id)).size, whole.length, "an event twice");
    for (const limit of [1, 3, 7]) {
      const paged = await all(limit);
      assert.deepEqual(paged.slice(0, whole.length), whole, `pages of ${limit}`);
    }
    for (const event of whole) {
      assert.deepEqual(Object.keys(event).sort(), ["id", "letter_id", "reference", "time", "type"]);
      assert.ok(TYPES.includes(event.type), event.type);
      assert.match(event.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      assert.equal(typeof event.reference, "string");
    }
  });

  test("the default is a hundred", async () => {
    const { json } = await house.kommunen.get("/v1/events");
    assert.ok(json.events.length <= 100);
    assert.deepEqual(json.events, (await house.kommunen.get("/v1/events?limit=100")).json.events);
  });

  test("a letter's events come in the order of its history, accepted first", async () => {
    const cursor = await house.end();
    const { letter_id } = await house.accepted(payload({ recipient: await house.newPerson() }));
    const ended = await until("its notice ended", async () => {
      const { json } = await house.kommunen.get(`/v1/letters/${letter_id}`);
      return json.history.length > 1 && json;
    });
    // A new person has no confirmed contact point, and the sender is told.
    assert.deepEqual(ended.history.map(({ type }) => type), ["accepted", "no_contact_point"]);
    const inFeed = await until("both are in the feed", async () => {
      const { json } = await house.kommunen.get(`/v1/events?after=${cursor}`);
      const own = json.events.filter((event) => event.letter_id === letter_id);
      return own.length === 2 && own;
    });
    assert.deepEqual(inFeed.map(({ type, time }) => ({ time, type })), ended.history);
  });

  test("a cursor gives the same again", async () => {
    const { next } = (await house.kommunen.get("/v1/events?limit=3")).json;
    const one = await house.kommunen.get(`/v1/events?limit=4&after=${next}`);
    const other = await house.kommunen.get(`/v1/events?limit=4&after=${next}`);
    assert.equal(one.text, other.text);
  });

  test("a cursor of one caller's works for another's own events only", async () => {
    const { next } = (await house.kommunen.get("/v1/events?limit=1")).json;
    const { json } = await house.verket.get(`/v1/events?after=${next}&limit=1000`);
    const known = new Set((await all(1000)).map(({ letter_id }) => letter_id));
    assert.ok(json.events.every((event) => !known.has(event.letter_id)));
  });

  test("cursors that are none", async () => {
    const { next } = (await house.kommunen.get("/v1/events?limit=1")).json;
    const bytes = Buffer.from(next, "base64url");
    bytes[bytes.length - 1] ^= 1;
    const flipped = bytes.toString("base64url");
    for (const cursor of ["x", "0", "1", "AAAAAAAAAAA", `${next}A`, next.slice(0, -1), flipped, `${next}=`, "%00", ""]) {
      assertProblem(await house.kommunen.get(`/v1/events?after=${cursor}`), 400, "cursor_invalid");
    }
  });

  test("a cursor does not tell how many events others have", async () => {
    const cursors = new Set();
    for (let limit = 1; limit <= 5; limit += 1) {
      const { next } = (await house.kommunen.get(`/v1/events?limit=${limit}`)).json;
      cursors.add(Buffer.from(next, "base64url").subarray(0, 4).toString("hex"));
    }
    assert.equal(cursors.size, 5, "cursors in a row begin alike, as counted numbers do");
  });

  test("what is older than is kept is gone, and its cursor says so", async (t) => {
    const { next } = (await house.kommunen.get("/v1/events?limit=1")).json;
    const kept = await house.service.sql("SELECT min(position) FROM feed");
    if (kept === null) return t.skip("there is no sqlite3 here to forget with");
    await house.service.sql("DELETE FROM feed WHERE position <= (SELECT min(position) + 4 FROM feed)");
    assertProblem(await house.kommunen.get(`/v1/events?after=${next}`), 410, "cursor_expired");
    assert.equal((await house.kommunen.get("/v1/events")).status, 200, "without a cursor it starts at what there is");
  });

  test("who waits is woken by what happens, well before the time is over", async () => {
    const cursor = await quiet(house);
    const start = Date.now();
    const waiting = house.kommunen.get(`/v1/events?after=${cursor}&wait=60`);
    const { letter_id } = await house.accepted();
    const { json } = await waiting;
    assert.ok(Date.now() - start < 15_000, "it took too long");
    assert.equal(json.events[0].letter_id, letter_id);
    assert.equal(json.events[0].type, "accepted");
  });

  test("who waits in vain gets an empty page with the cursor to go on from", async () => {
    const cursor = await quiet(house);
    const start = Date.now();
    const { json } = await house.kommunen.get(`/v1/events?after=${cursor}&wait=1`);
    assert.deepEqual(json.events, []);
    assert.ok(Date.now() - start >= 990, "it did not wait");
    const { letter_id } = await house.accepted();
    const page = await house.kommunen.get(`/v1/events?after=${json.next}&wait=20`);
    assert.equal(page.json.events[0].letter_id, letter_id);
  });

  test("another sender's letters wake nobody else with an event", async () => {
    const cursor = await quiet(house);
    const waiting = house.kommunen.get(`/v1/events?after=${cursor}&wait=2`);
    await house.accepted(payload({ sender: VERKET }), [], { client: house.verket, signer: house.verketSigner });
    assert.deepEqual((await waiting).json.events, []);
  });

  test("a dispatcher follows all its senders, or one", async () => {
    const both = new Set((await all(1000, house.formedlaren)).map(({ letter_id }) => letter_id));
    const own = await all(1000);
    const others = await all(1000, house.verket);
    for (const { letter_id } of [...own, ...others]) assert.ok(both.has(letter_id));
    const one = await all(1000, house.formedlaren, `&sender=${KOMMUNEN}`);
    assert.deepEqual(one.slice(0, own.length), own);
  });

  test("many letters at once, read while they come: none is missed, none comes twice", async () => {
    let after = await house.end();
    const sent = Promise.all(Array.from({ length: 60 }, () => house.accepted().then(({ letter_id }) => letter_id)));
    const seen = [];
    let expected = null;
    sent.then((ids) => (expected = ids));
    await until("all are in the feed", async () => {
      const { json } = await house.kommunen.get(`/v1/events?after=${after}&limit=5&wait=1`);
      seen.push(...json.events.filter(({ type }) => type === "accepted"));
      after = json.next;
      return expected && expected.every((id) => seen.some(({ letter_id }) => letter_id === id));
    }, 60);
    assert.equal(new Set(seen.map(({ id }) => id)).size, seen.length);
    assert.equal(seen.length, 60);
  });

  test("a letter that is visible later is scheduled until then, and not in the inbox", async () => {
    const subject = `Senare ${Date.now()}`;
    const visible = new Date(Date.now() + 6000).toISOString();
    const { letter_id } = await house.accepted(payload({ subject, visible_from: visible }));
    const state = async () => (await house.kommunen.get(`/v1/letters/${letter_id}`)).json.state;
    assert.equal(await state(), "scheduled");
    const anna = await house.logIn(ANNA);
    if (Date.now() < Date.parse(visible) - 1000) assert.ok(!(await anna.page("/")).includes(subject), "it is shown before its time");
    await until("its time comes", async () => (await state()) === "available");
    assert.ok(Date.now() >= Date.parse(visible), "before its time");
    assert.ok((await anna.page("/")).includes(subject));
  });
}

/** Reads until two readings in a row are the same. */
async function settled(read) {
  let before = await read();
  return until("the feed is at rest", async () => {
    const now = await read();
    const same = now.length === before.length;
    before = now;
    return same && now;
  });
}

/** The feed's end, when all notices of what was sent have ended. */
async function quiet(house) {
  let cursor = await house.end();
  for (;;) {
    const { json } = await house.kommunen.get(`/v1/events?after=${cursor}&wait=2`);
    if (json.events.length === 0) return json.next;
    cursor = json.next;
  }
}
