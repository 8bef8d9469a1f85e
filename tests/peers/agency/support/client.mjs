// A client of the agency door: node's https with an organisation's certificate, bodies made by hand.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import http2 from "node:http2";
import https from "node:https";
import path from "node:path";
import tls from "node:tls";

/** Speaks for the holder of one certificate. */
export class Client {
  /** `certificate` and `key` are PEM files; neither is a client without a certificate. */
  constructor(service, certificate, key, more = {}) {
    this.door = new URL(service.urls.agency);
    this.tls = {
      host: this.door.hostname,
      port: this.door.port,
      ca: fs.readFileSync(path.join(service.pki, "ca.pem")),
      ...(certificate && { cert: fs.readFileSync(certificate), key: fs.readFileSync(key) }),
      ...more,
    };
    this.agent = new https.Agent({ ...this.tls, keepAlive: true, maxSockets: 64 });
  }

  /** The demo's certificate of an organisation. */
  static of(service, number) {
    const file = (ending) => path.join(service.pki, `${number}.${ending}`);
    return new Client(service, file("pem"), file("key"));
  }

  /**
   * One request. `body` is a Buffer, a string or an async iterable of them. The door closes connections that are idle;
   * one that was closed just when it was used again is no answer, and the request is made again on a new one.
   */
  async ask(method, address, { headers = {}, body } = {}) {
    const whole = typeof body === "string" || Buffer.isBuffer(body);
    const length = whole ? { "content-length": Buffer.byteLength(body) } : {};
    const options = { ...this.tls, agent: this.agent, method, path: address, headers: { ...length, ...headers } };
    for (;;) {
      let request;
      try {
        return await new Promise((resolve, reject) => {
          request = https.request(options, (response) => read(response).then(resolve, reject));
          request.once("error", reject);
          if (body === undefined || whole) request.end(body);
          else pour(body, request).catch(reject);
        });
      } catch (error) {
        const again = request.reusedSocket && ["ECONNRESET", "EPIPE"].includes(error.code);
        if (!again || (body !== undefined && !whole)) throw error;
      }
    }
  }

  get(address) {
    return this.ask("GET", address);
  }

  /** JSON there and back. */
  post(address, value) {
    const headers = { "content-type": "application/json" };
    return this.ask("POST", address, { headers, body: JSON.stringify(value) });
  }

  /** Sends a letter: the JWS, and the contents of its attachments. */
  send(jws, attachments = []) {
    return this.submit(parts(jws, attachments));
  }

  /** Sends parts as they are: `[{name, type, content}]`. */
  submit(list) {
    const { boundary, body } = multipart(list);
    const headers = { "content-type": `multipart/form-data; boundary=${boundary}` };
    return this.ask("POST", "/v1/letters", { headers, body });
  }

  /** A socket after the handshake, for what no proper client does. */
  connect(more = {}) {
    return new Promise((resolve, reject) => {
      const socket = tls.connect({ ...this.tls, ...more });
      socket.once("error", reject);
      socket.once("secureConnect", () => resolve(socket));
    });
  }

  /** A session of HTTP/2. */
  session() {
    return http2.connect(this.door.origin, { ...this.tls, ALPNProtocols: ["h2"] });
  }

  close() {
    this.agent.destroy();
  }
}

/** The parts of a letter. */
export function parts(jws, attachments = []) {
  const letter = { name: "letter", type: "application/jose+json", content: text(jws) };
  return [letter, ...attachments.map((content) => ({ name: "attachment", content }))];
}

/** multipart/form-data (RFC 7578), made by hand. */
export function multipart(list, boundary = `kuvert${randomBytes(12).toString("hex")}`) {
  const pieces = list.flatMap(({ name, type, content, file }) => {
    let head = `--${boundary}\r\nContent-Disposition: form-data; name="${name}"`;
    if (file ?? name === "attachment") head += `; filename="${file ?? "a"}"`;
    head += `\r\nContent-Type: ${type ?? "application/octet-stream"}\r\n\r\n`;
    return [Buffer.from(head), Buffer.from(content), Buffer.from("\r\n")];
  });
  return { boundary, body: Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]) };
}

/** Asserts that the answer is a problem of RFC 9457 with this code, as the catalogue has it. */
export function assertProblem(answer, status, code, pointer) {
  assert.equal(answer.json?.code, code, `${answer.status} ${answer.text}`);
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.headers["content-type"], "application/problem+json");
  const { type, title, mend } = answer.json;
  assert.equal(type, `urn:kuvert:problem:${code}`);
  assert.equal(answer.json.status, status);
  assert.ok(title && mend, "a problem says what happened and what to do");
  if (pointer !== undefined) assert.equal(answer.json.pointer, pointer);
}

function text(jws) {
  return typeof jws === "string" || Buffer.isBuffer(jws) ? jws : JSON.stringify(jws);
}

async function read(response) {
  const pieces = [];
  for await (const piece of response) pieces.push(piece);
  const answer = { status: response.statusCode, headers: response.headers, text: Buffer.concat(pieces).toString() };
  if (/json/.test(response.headers["content-type"] ?? "")) answer.json = JSON.parse(answer.text);
  return answer;
}

async function pour(body, request) {
  for await (const piece of body) {
    if (!request.write(piece)) await new Promise((resolve) => request.once("drain", resolve));
  }
  request.end();
}
