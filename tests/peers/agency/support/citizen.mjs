// A citizen's browser, as far as these stories need one: pages without scripts, so links and forms, by fetch.

import assert from "node:assert/strict";

export class Citizen {
  static async logIn(web, number) {
    const citizen = new Citizen();
    citizen.web = web;
    citizen.cookies = new Map();
    const provider = (await citizen.#ask("/login/demo")).headers.get("location");
    const form = new URLSearchParams(new URL(provider).searchParams);
    form.append("person", number);
    const answer = await fetch(new URL("/login", provider), { method: "POST", body: form, redirect: "manual" });
    const callback = new URL(answer.headers.get("location"));
    const page = await citizen.#ask(callback.pathname + callback.search);
    assert.equal(page.status, 200, "the log-in ends well");
    return citizen;
  }

  /** A page's HTML. */
  async page(address) {
    const answer = await this.#follow(await this.#ask(address));
    assert.equal(answer.status, 200, address);
    return answer.text();
  }

  /** Posts the form whose tag holds `mark`, with the fields that it has, and others. */
  async submit(html, mark, more = {}) {
    const form = html.split("<form").slice(1).find((rest) => rest.split(">")[0].includes(mark));
    assert.ok(form, `no form with ${mark}`);
    const inputs = form.split("</form>")[0].split("<input").slice(1).map((input) => input.split(">")[0]);
    const hidden = inputs.filter((input) => input.includes("hidden"));
    const fields = Object.fromEntries(hidden.map((input) => [attribute(input, "name"), attribute(input, "value")]));
    const address = attribute(form.split(">")[0], "action");
    const answer = await this.#follow(await this.#ask(address, new URLSearchParams({ ...fields, ...more })));
    assert.equal(answer.status, 200, address);
    return answer.text();
  }

  /** Opens the letter with this subject and answers its page. */
  async open(subject) {
    const list = await this.page("/");
    const row = list.split("<li").find((piece) => piece.includes(subject));
    assert.ok(row, `"${subject}" is not in the inbox`);
    const address = attribute(row, "formaction");
    if (address) {
      return this.submit(list.replace('id="open-letter"', `id="open-letter" action="${address}"`), "open-letter");
    }
    const link = attribute(row, "href");
    const page = await this.page(link);
    return page.includes(`action="${link}/open"`) ? this.submit(page, `action="${link}/open"`) : page;
  }

  /** Turns a sender off. */
  async decline(sender) {
    const list = await this.page("/senders");
    const link = new RegExp(`href="(/senders/off/[^"]*/${sender})"`).exec(list);
    assert.ok(link, "the sender can be turned off");
    return this.submit(await this.page(link[1]), 'action="/senders/off"');
  }

  /** Turns a sender on again. */
  async accept(sender) {
    const list = await this.page("/senders");
    const forms = list.split("<form").filter((form) => form.includes('action="/senders/on"') && form.includes(sender));
    assert.equal(forms.length, 1, "the sender can be turned on again");
    return this.submit(`<form${forms[0]}`, 'action="/senders/on"');
  }

  async #ask(address, body) {
    const answer = await fetch(new URL(address, this.web), {
      method: body ? "POST" : "GET",
      redirect: "manual",
      // Browsers take Secure cookies on loopback over http; here they are carried by hand.
      headers: { cookie: [...this.cookies].map((pair) => pair.join("=")).join("; "), origin: this.web, "sec-fetch-site": "same-origin" },
      body,
    });
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie);
      this.cookies.set(name, value);
    }
    return answer;
  }

  async #follow(answer) {
    for (let turns = 0; answer.status >= 300 && answer.status < 400; turns += 1) {
      assert.ok(turns < 5, "a page sends in a circle");
      await answer.body?.cancel();
      answer = await this.#ask(answer.headers.get("location"));
    }
    return answer;
  }
}

/** The first attribute of this name. */
export function attribute(html, name) {
  const value = new RegExp(` ${name}="([^"]*)"`).exec(html)?.[1];
  return value?.replaceAll("&#38;", "&").replaceAll("&amp;", "&");
}
