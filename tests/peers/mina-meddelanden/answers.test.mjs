// The answers that the stories of crates/mina-meddelanden got, held to the schemas that we serve.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import { it } from "node:test";

import { HERE, python } from "./venv.mjs";

const folder = process.env.KUVERT_TEST_ANSWERS;
const skip = folder ? false : "KUVERT_TEST_ANSWERS names no folder with the answers of the Rust stories";

it("every answer of ours is valid under the schemas that we serve", { skip, timeout: 300_000 }, () => {
  const run = spawnSync(python("requirements.txt"), [path.join(HERE, "answers_test.py")], { encoding: "utf8" });
  assert.equal(run.status, 0, run.stdout + run.stderr);
});
