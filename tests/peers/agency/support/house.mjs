// What every story needs: the running service, clients, signers, and the proof that a refusal stored nothing.

import assert from "node:assert/strict";
import { Citizen } from "./citizen.mjs";
import { assertProblem, Client } from "./client.mjs";
import { BOLAGET, FORMEDLAREN, KOMMUNEN, payload, Signer, VERKET } from "./letter.mjs";
import { Authority } from "./pki.mjs";
import { Service, until } from "./service.mjs";

export class House {
  constructor(database) {
    this.service = new Service(database);
    this.clients = [];
    this.people = 0;
  }

  async open() {
    const service = this.service;
    await service.prepare();
    this.authority = new Authority(service);
    this.meet();
    this.stalled = stall(this.kommunen);
    this.stalled.catch(() => {}); // its own story says what went wrong
  }

  /** Clients and signers of the demo's organisations; again after a restart on other ports. */
  meet() {
    for (const client of this.clients) client.close();
    this.clients = [];
    for (const [name, number] of Object.entries({ kommunen: KOMMUNEN, verket: VERKET, formedlaren: FORMEDLAREN, bolaget: BOLAGET })) {
      this[name] = this.client(this.service, number);
      this[`${name}Signer`] = Signer.of(this.service, number);
    }
  }

  client(service, number) {
    const client = Client.of(service, number);
    this.clients.push(client);
    return client;
  }

  /** A client with a certificate made by a test. */
  clientWith({ certificate, key }, more) {
    const client = new Client(this.service, certificate, key, more);
    this.clients.push(client);
    return client;
  }

  async close() {
    for (const client of this.clients) client.close();
    try {
      await this.service.stop();
    } finally {
      await this.service.remove();
    }
  }

  /** A new person with a mailbox, so that stories do not disturb each other. */
  async newPerson() {
    this.people += 1;
    const number = withCheckDigit(`1985${String(1 + (this.people % 12)).padStart(2, "0")}15${String(100 + this.people)}`);
    await this.service.cli(["mailbox", "open", "--name", "Prov Person"], `${number}\n`);
    return number;
  }

  /** Logs a citizen in. */
  logIn(number) {
    return Citizen.logIn(this.service.urls.web, number);
  }

  /** Sends a letter that must be accepted now. */
  async accepted(letter = payload(), files = [], { client = this.kommunen, signer = this.kommunenSigner } = {}) {
    const jws = await signer.sign(letter);
    const answer = await client.send(jws, files);
    assert.equal(answer.status, 201, answer.text);
    return { letter, jws, answer, ...answer.json };
  }

  /** Sends a letter that must be refused with this code, and shows that nothing of it is there. */
  async refused(letter, [status, code, pointer], files = [], { client = this.kommunen, signer = this.kommunenSigner } = {}) {
    const answer = await client.send(await signer.sign(letter), files);
    assertProblem(answer, status, code, pointer);
    await this.assertAbsent(letter.reference, client);
    return answer;
  }

  /** No letter bears this reference. */
  async assertAbsent(reference, client = this.kommunen) {
    if (typeof reference !== "string" || reference === "") return;
    const found = await client.get(`/v1/letters?reference=${encodeURIComponent(reference)}`);
    assert.equal(found.status, 404, `a refused letter is there: ${found.text}`);
  }

  /**
   * The feed's end, after everything that was accepted until now: positions are given after the commit, so a letter
   * sent now shows when all before it have theirs.
   */
  async end(client = this.kommunen) {
    const marker = await this.accepted();
    let next = "";
    await until("the feed has come so far", async () => {
      const page = (await this.kommunen.get(`/v1/events?limit=1000&wait=5${next && `&after=${next}`}`)).json;
      next = page.next;
      return page.events.some((event) => event.letter_id === marker.letter_id);
    });
    for (;;) {
      const page = (await client.get(`/v1/events?limit=1000&after=${next}`)).json;
      next = page.next;
      if (page.events.length === 0) return next;
    }
  }

  /** How many letters with this reference were accepted after the cursor. */
  async countAccepted(cursor, reference) {
    const marker = await this.accepted();
    const seen = [];
    let after = cursor;
    await until("the feed is read", async () => {
      const page = (await this.kommunen.get(`/v1/events?after=${after}&limit=1000&wait=5`)).json;
      seen.push(...page.events);
      after = page.next;
      return seen.some((event) => event.letter_id === marker.letter_id);
    });
    return seen.filter((event) => event.type === "accepted" && event.reference === reference).length;
  }

  /** The event of a letter that is sent now comes, and no other letter's came before it: nothing else was accepted. */
  async assertNothingSince(cursor, client = this.kommunen, signer = this.kommunenSigner, sender = KOMMUNEN) {
    const { letter } = await this.accepted(payload({ sender }), [], { client, signer });
    const seen = [];
    let after = cursor;
    await until("the letter's event", async () => {
      const page = (await client.get(`/v1/events?after=${after}&wait=5`)).json;
      seen.push(...page.events);
      after = page.next;
      return seen.some((event) => event.reference === letter.reference);
    });
    const others = seen.filter((event) => event.type === "accepted" && event.reference !== letter.reference);
    assert.deepEqual(others, [], "a refused letter has an event");
  }
}

/** Two requests that stop in the middle, begun early since the door is patient; how each was answered. */
function stall(client) {
  const begin = async (address, type) => {
    const socket = await client.connect({ ALPNProtocols: ["http/1.1"] });
    socket.on("error", () => {});
    const start = Date.now();
    socket.write(`POST ${address} HTTP/1.1\r\nHost: kuvert\r\nContent-Type: ${type}\r\nContent-Length: 5000\r\n\r\n--x\r\n`);
    let answer = "";
    for await (const bytes of socket) answer += bytes;
    return { address, answer, seconds: (Date.now() - start) / 1000 };
  };
  return Promise.all([begin("/v1/letters", "multipart/form-data; boundary=x"), begin("/v1/reachability", "application/json")]);
}

/** The number with its last digit, by Luhn over ten. */
export function withCheckDigit(eleven) {
  const digits = [...eleven.slice(2)].map(Number);
  const sum = digits.reduce((all, digit, at) => {
    const product = digit * (at % 2 === 0 ? 2 : 1);
    return all + Math.floor(product / 10) + (product % 10);
  }, 0);
  return eleven + ((10 - (sum % 10)) % 10);
}
