// The agency API from outside, by a sender's system that shares no code with the service. Once on each database.
//
//   node --test agency.test.mjs
//
// KUVERT_BINARY names the program, KUVERT_TEST_POSTGRES a server to try too, KUVERT_STORIES some of the stories below.

import { after, before, describe } from "node:test";
import { House } from "./support/house.mjs";
import { databases } from "./support/service.mjs";
import acceptance from "./stories/acceptance.mjs";
import algorithms from "./stories/algorithms.mjs";
import attachments from "./stories/attachments.mjs";
import callers from "./stories/callers.mjs";
import certificates from "./stories/certificates.mjs";
import description from "./stories/description.mjs";
import early from "./stories/early.mjs";
import events from "./stories/events.mjs";
import payloads from "./stories/payloads.mjs";
import reachability from "./stories/reachability.mjs";
import recipients from "./stories/recipients.mjs";
import repeats from "./stories/repeats.mjs";
import requests from "./stories/requests.mjs";
import settings from "./stories/settings.mjs";
import signatures from "./stories/signatures.mjs";
import size from "./stories/size.mjs";
import stalled from "./stories/stalled.mjs";

const STORIES = {
  acceptance, algorithms, signatures, payloads, attachments, requests, early, recipients, certificates, callers, stalled, repeats,
  events, reachability, description, size, settings,
};
const asked = process.env.KUVERT_STORIES ? process.env.KUVERT_STORIES.split(",") : Object.keys(STORIES);

for (const database of databases()) {
  describe(`the agency door on ${database}`, () => {
    const house = new House(database);
    before(() => house.open());
    after(() => house.close());
    for (const name of asked) describe(name, () => STORIES[name](house));
  });
}
