// What a sender's system does with the client that @hey-api/openapi-ts made: `client.js TASK`, and what it saw as JSON.

import { readFileSync } from "node:fs";
import { Agent, install, setGlobalDispatcher } from "undici";
import { askReachability, findLetter, readEvents, sendLetter, showLetter, type Event } from "./api";
import { createClient, createConfig, type Client } from "./api/client";

const task = JSON.parse(readFileSync(process.argv[2], "utf8"));

// Node's own fetch takes no client certificate.
install();
const [ca, cert, key] = [task.ca, task.certificate, task.key].map((file) => readFileSync(file));
setGlobalDispatcher(new Agent({ connect: { ca, cert, key } }));

const made = (baseUrl: string) => createClient(createConfig({ baseUrl }));
const file = (path: string, type: string) => new Blob([new Uint8Array(readFileSync(path))], { type });

function send(client: Client) {
  const body = { letter: file(task.letter, "application/jose+json"), attachment: [file(task.file, "application/pdf")] };
  return sendLetter({ client, body });
}

async function feed(client: Client) {
  const events: Event[] = [];
  for (let after: string | undefined; ; ) {
    const { data } = await readEvents({ client, query: { after }, throwOnError: true });
    events.push(...data.events);
    if (data.events.length === 0 || data.next === after) return events;
    after = data.next;
  }
}

// Events have a place in the feed a moment after they are committed.
async function accepted(client: Client, letter_id?: string) {
  for (const until = Date.now() + 30_000; ; await new Promise((resolve) => setTimeout(resolve, 100))) {
    const found = (await feed(client)).filter((event) => event.letter_id === letter_id && event.type === "accepted");
    if (found.length > 0 || Date.now() > until) return found.map((event) => event.type);
  }
}

async function reached(client: Client) {
  const body = { sender: task.sender, recipients: [task.recipient] };
  return (await askReachability({ client, body, throwOnError: true })).data.results;
}

async function act() {
  const client = made(task.door);
  const first = await send(client);
  const letter_id = first.data?.letter_id;
  const newer = made(task.newer);
  const page = (await readEvents({ client: newer, throwOnError: true })).data;
  const status = (await showLetter({ client: newer, path: { letter_id: task.newer_letter }, throwOnError: true })).data;
  const results = await reached(newer);
  // Compiles only while the list of types is open.
  if (!page.events.some((event) => event.type === "brand_new")) throw new Error("the new event was lost");
  console.log(JSON.stringify({
    status: first.response?.status,
    again: (await send(client)).response?.status,
    letter_id,
    found: (await findLetter({ client, query: { reference: task.reference } })).data?.letter_id,
    reachable: (await reached(client))[0].reachable,
    events: await accepted(client, letter_id),
    refused: (await findLetter({ client, query: { reference: "another" } })).error?.code,
    newer: {
      types: page.events.map((event) => event.type),
      why: page.events.map((event) => event.why ?? null),
      state: status.state,
      history: status.history.map((line) => line.type),
      reasons: results.map((one) => one.reason ?? null),
      how: results.map((one) => one.how ?? null),
      code: (await findLetter({ client: newer, query: { reference: "r" } })).error?.code,
    },
  }));
}

act().catch((error) => {
  console.error(error);
  process.exit(1);
});
