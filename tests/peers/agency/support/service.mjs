// Starts a real kuvert, in a folder and on ports and a database of its own, and stops it as an operator would.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));

/** The program: as xtask names it, or the one that `cargo build` leaves. */
export const BINARY =
  process.env.KUVERT_BINARY ?? process.env.KUVERT_BIN ?? path.join(ROOT, "target/debug/kuvert");

/** The databases to try: SQLite, and PostgreSQL where xtask or the developer names a server. */
export function databases() {
  return process.env.KUVERT_TEST_POSTGRES ? ["sqlite", "postgres"] : ["sqlite"];
}

/** A running demo. `prepare` makes it ready; `stop` asserts that it ends in order. */
export class Service {
  constructor(database) {
    this.database = database;
  }

  async prepare() {
    this.dir = fs.mkdtempSync(path.join(os.tmpdir(), "kuvert-agency-"));
    this.url = this.database === "postgres" ? await freshDatabase() : null;
    await this.start();
  }

  /** Starts `demo` and waits for its `ready`. */
  async start() {
    const base = await freePorts(5);
    const args = ["demo", "--data", path.join(this.dir, "data"), "--port-base", String(base)];
    if (this.url) args.push("--database", this.url);
    if (this.log) args.push("--log", this.log);
    await this.#launch(args);
    this.data = path.join(this.dir, "data");
    this.pki = path.join(this.data, "pki");
    this.config = path.join(this.data, "kuvert.toml");
    this.demo = JSON.parse(fs.readFileSync(path.join(this.data, "demo.json"), "utf8"));
    this.urls = this.demo.urls;
  }

  /** Starts `serve` on the same data with another configuration: `change` gets and returns the TOML. */
  async serve(change) {
    const file = path.join(this.dir, "changed.toml");
    fs.writeFileSync(file, change(fs.readFileSync(this.config, "utf8")));
    await this.#launch(["serve", "--config", file]);
  }

  async #launch(args) {
    const child = spawn(BINARY, args, { stdio: ["ignore", "pipe", "pipe"] });
    this.child = child;
    this.output = "";
    this.ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));
    await new Promise((resolve, reject) => {
      const tell = (why) => reject(new Error(`kuvert ${args[0]}: ${why}\n${this.output}`));
      const late = setTimeout(() => tell("not ready within two minutes"), 120_000);
      const hear = (bytes) => {
        this.output += bytes;
        if (/^ready$/m.test(this.output)) {
          clearTimeout(late);
          resolve();
        }
      };
      child.stdout.on("data", hear);
      child.stderr.on("data", hear);
      child.once("error", (error) => tell(error.message));
      this.ended.then(({ code, signal }) => tell(`ended with ${code ?? signal}`));
    });
  }

  /** SIGTERM, and exit 0. */
  async stop() {
    if (!this.child) return;
    const child = this.child;
    this.child = null;
    child.kill("SIGTERM");
    const killer = setTimeout(() => child.kill("SIGKILL"), 60_000);
    const { code, signal } = await this.ended;
    clearTimeout(killer);
    assert.equal(code, 0, `kuvert ended with ${code ?? signal} after SIGTERM\n${this.output}`);
  }

  async remove() {
    fs.rmSync(this.dir, { recursive: true, force: true });
    if (this.url) await dropDatabase(this.url);
  }

  /** The command line, as the operator has it. `input` goes to standard input. */
  async cli(words, input = "") {
    const [verb, ...rest] = words;
    // Verbs in two words: `agency cert add`, `mailbox close`.
    const at = rest.findIndex((word) => word.startsWith("-") || word.startsWith("/") || /^[0-9]/.test(word));
    const split = at < 0 ? rest.length : at;
    const line = [verb, ...rest.slice(0, split), "--config", this.config, ...rest.slice(split)];
    const child = run(BINARY, line);
    child.child.stdin.end(input);
    return (await child).stdout;
  }

  /** One statement in the letter database, where a tool for that is here; `null` where none is. */
  async sql(statement) {
    if (this.url) return (await run("psql", [this.url, "-qtAc", statement])).stdout.trim();
    const sqlite = process.env.PATH.split(":").map((dir) => path.join(dir, "sqlite3")).find(fs.existsSync);
    if (!sqlite) return null;
    const file = path.join(this.data, "kuvert.db");
    return (await run(sqlite, ["-cmd", ".timeout 20000", file, statement])).stdout.trim();
  }

  /** A line of /proc/PID/status in bytes. */
  memory(line) {
    const status = fs.readFileSync(`/proc/${this.child.pid}/status`, "utf8");
    return Number(new RegExp(`^${line}:\\s+(\\d+) kB`, "m").exec(status)[1]) * 1024;
  }

  /** From here on VmHWM counts anew. */
  forgetPeak() {
    fs.writeFileSync(`/proc/${this.child.pid}/clear_refs`, "5");
  }

  /** Files of large attachments. */
  objects() {
    const folder = path.join(this.data, "objects");
    const entries = fs.existsSync(folder) ? fs.readdirSync(folder, { recursive: true, withFileTypes: true }) : [];
    return entries.filter((entry) => entry.isFile()).length;
  }
}

/** Asks again and again until `fact` gives something that is not false, at most `seconds`. */
export async function until(what, fact, seconds = 20) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await fact();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The first of `count` ports in a row that nobody has. */
async function freePorts(count) {
  for (;;) {
    const base = 20_000 + (randomBytes(2).readUInt16BE() % 12_000);
    const free = await Promise.all(Array.from({ length: count }, (_, at) => isFree(base + at)));
    if (free.every(Boolean)) return base;
  }
}

function isFree(port) {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

async function freshDatabase() {
  const url = new URL(process.env.KUVERT_TEST_POSTGRES);
  const name = `kuvert_agency_${randomBytes(6).toString("hex")}`;
  await run("psql", [url.href, "-qc", `CREATE DATABASE ${name}`]);
  url.pathname = `/${name}`;
  return url.href;
}

async function dropDatabase(of) {
  const name = new URL(of).pathname.slice(1);
  await run("psql", [process.env.KUVERT_TEST_POSTGRES, "-qc", `DROP DATABASE ${name} WITH (FORCE)`]);
}
