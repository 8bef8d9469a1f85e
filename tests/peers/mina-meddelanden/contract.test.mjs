// Our WSDL and schemas against the official ones, message by message, judged by two Python libraries.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { it } from "node:test";

import { HERE, python } from "./venv.mjs";

const official = path.join(HERE, "../../../../shared/reference/mina-meddelanden/wsdl");
const skip = existsSync(official) ? false : "the official WSDL and schemas do not stand beside the repository";

it("the same messages are good and bad under our schemas and the official ones", { skip, timeout: 900_000 }, () => {
  const run = spawnSync(python("requirements.txt"), [path.join(HERE, "contract_test.py")], { encoding: "utf8" });
  const last = run.stdout.trim().split("\n").at(-1);
  assert.equal(run.status, 0, run.stdout + run.stderr);
  assert.match(last, /^[1-9]\d* passed, 0 failed$/);
});
