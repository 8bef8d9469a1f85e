// Requests that stop in the middle do not hold the door open for ever.

import assert from "node:assert/strict";
import { test } from "node:test";

export default function stalled(house) {
  test("a request that stops coming is given up, with an answer", async () => {
    for (const { address, answer, seconds } of await house.stalled) {
      assert.match(answer, /^HTTP\/1\.1 408 /, address);
      assert.match(answer, /"code":"request_timeout"/);
      assert.match(answer, /\r\nconnection: close\r\n/i);
      assert.ok(seconds > 10 && seconds < 40, `after ${seconds} s`);
    }
  });
}
