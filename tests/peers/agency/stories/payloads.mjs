// Every way in which a rightly signed letter can be wrong in its own text.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { entry, payload, pdf } from "../support/letter.mjs";
import { assertProblem } from "../support/client.mjs";

export default function payloads(house) {
  let cursor;
  before(async () => {
    cursor = await house.end();
  });
  after(() => house.assertNothingSince(cursor));

  /** A letter with this is refused so. */
  function refuses(what, expected, more) {
    test(what, () => house.refused(payload(more), expected));
  }
  /** A letter whose text is changed by hand is refused so. */
  function refusesText(what, [status, code], change) {
    test(what, async () => {
      const letter = payload();
      const answer = await house.kommunen.send(await house.kommunenSigner.sign(change(JSON.stringify(letter))));
      assertProblem(answer, status, code);
      await house.assertAbsent(letter.reference);
    });
  }

  const required = ["reference", "sender", "recipient", "subject", "language", "body"];
  for (const member of required) refuses(`${member} is missing`, [400, "field_missing"], { [member]: undefined });
  for (const member of required) refuses(`${member} is null`, [400, "payload_malformed"], { [member]: null });
  refuses("an unknown member", [400, "unknown_member"], { surprise: true });
  refuses("an unknown member of body", [400, "unknown_member"], { body: { media_type: "text/plain", content: "a", charset: "utf-8" } });
  refuses("an unknown member of support", [400, "unknown_member"], { support: { fax: "1" } });
  refuses("an unknown member of matter", [400, "unknown_member"], { matter: { owner: "x" } });
  refusesText("a member twice", [400, "duplicate_member"], (text) => text.replace("{", '{"language":"sv",'));
  refusesText("sender twice, the second another's", [400, "duplicate_member"], (text) => text.replace(/}$/, ',"sender":"164020000024"}'));
  refusesText("reference twice", [400, "duplicate_member"], (text) => text.replace(/}$/, ',"reference":"annan"}'));
  refusesText("a member of body twice", [400, "duplicate_member"], (text) => text.replace('"content":', '"content":"a","content":'));
  refusesText("a member twice, once escaped", [400, "duplicate_member"], (text) => text.replace("{", '{"langu\\u0061ge":"sv",'));
  refusesText("no JSON", [400, "payload_malformed"], (text) => text.slice(0, -1));
  refusesText("a list", [400, "payload_malformed"], (text) => `[${text}]`);
  refusesText("something after the JSON", [400, "payload_malformed"], (text) => `${text}{}`);
  refusesText("no UTF-8", [400, "payload_malformed"], (text) => Buffer.from(text.replace("Vi har", "\u00ff"), "latin1"));
  refusesText("half a surrogate pair", [400, "payload_malformed"], (text) => text.replace("Vi har", "\\ud800"));

  for (const member of ["facts", "reached_by", "in_reply_to", "metadata", "attention", "correlation_id", "alternatives"]) {
    refuses(`${member} is reserved`, [422, "not_supported", `/${member}`], { [member]: {} });
  }
  for (const reply of ["accepted", "requested"]) refuses(`reply ${reply} is not built`, [422, "not_supported", "/reply"], { reply });
  refuses("reply is something else", [400, "field_invalid", "/reply"], { reply: "maybe" });
  refuses("audience is another operator", [422, "wrong_audience", "/audience"], { audience: "other.example" });

  for (const [what, number, code] of [
    ["has a slip", "198101052383", "check_digit_invalid"],
    ["has ten digits", "8101052382", "identity_invalid"],
    ["has a dash", "19810105-2382", "identity_invalid"],
    ["has an impossible day", "198102302382", "identity_invalid"],
    ["has letters", "19810105238x", "identity_invalid"],
    ["is empty", "", "identity_invalid"],
    ["has wide digits", "１９８１０１０５２３８２", "identity_invalid"],
  ]) {
    refuses(`the recipient ${what}`, [400, code, "/recipient"], { recipient: number });
  }
  refuses("the sender has a slip", [400, "check_digit_invalid", "/sender"], { sender: "164020000017" });
  refuses("the sender is a person", [400, "identity_invalid", "/sender"], { sender: "198101052382" });

  for (const [what, text] of [
    ["a line end", "a\nb"], ["NUL", "a\u0000b"], ["DEL", "a\u007fb"], ["C1", "a\u0085b"], ["right-to-left override", "a\u202efdp.exe"],
    ["isolate", "a\u2066b"], ["right-to-left mark", "a\u200fb"], ["a line separator", "a\u2028b"], ["a byte order mark", "a\ufeffb"],
  ]) {
    refuses(`the subject has ${what}`, [400, "characters_not_allowed", "/subject"], { subject: text });
    const file = { ...entry("x", "a.txt", "text/plain"), name: `${text}.txt` };
    refuses(`a file name has ${what}`, [400, "characters_not_allowed", "/attachments/0/name"], { attachments: [file] });
  }
  refuses("the reference has a control character", [400, "characters_not_allowed", "/reference"], { reference: "a\u0007b" });
  refuses("the body has a control character", [400, "characters_not_allowed", "/body/content"], { body: { media_type: "text/plain", content: "a\u001bb" } });
  for (const name of ["../x.pdf", "a/b.pdf", "a\\b.pdf", ".x.pdf", "..", "/etc/passwd"]) {
    const file = { ...entry(pdf()), name };
    refuses(`the file name ${name}`, [400, "file_name_not_allowed", "/attachments/0/name"], { attachments: [file] });
  }

  const INVALID = [400, "field_invalid"];
  refuses("an empty subject", [...INVALID, "/subject"], { subject: "" });
  refuses("a subject of spaces", [...INVALID, "/subject"], { subject: "  " });
  refuses("a subject of 256", [...INVALID, "/subject"], { subject: "å".repeat(256) });
  refuses("a reference of 129", [...INVALID, "/reference"], { reference: "x".repeat(129) });
  refuses("a language that is none", [...INVALID, "/language"], { language: "svenska!" });
  refuses("a body of another type", [...INVALID, "/body/media_type"], { body: { media_type: "text/markdown", content: "a" } });
  refuses("a kind that is none", [...INVALID, "/kind"], { kind: "poem" });
  refuses("a receipt that is none", [...INVALID, "/receipt"], { receipt: "signed" });
  refuses("a day that is none", [...INVALID, "/reply_by"], { reply_by: "2027-02-30" });
  refuses("a time that is none", [...INVALID, "/visible_from"], { visible_from: "tomorrow" });
  refuses("a time without a zone", [...INVALID, "/visible_from"], { visible_from: "2027-01-01T08:00:00" });
  refuses("a time years ahead", [...INVALID, "/visible_from"], { visible_from: "2099-01-01T08:00:00.000Z" });
  refuses("a link that is not https", [...INVALID, "/support/url"], { support: { url: "http://example.com" } });
  refuses("a link that is a script", [...INVALID, "/support/url"], { support: { url: "javascript:alert(1)" } });
  refuses("an e-mail address that is none", [...INVALID, "/support/email"], { support: { email: "nobody" } });
  refuses("confidential is a text", [400, "payload_malformed"], { confidential: "no" });
  refuses("the checksum is no SHA-256", [...INVALID, "/attachments/0/sha256"], { attachments: [{ ...entry("x", "a.txt", "text/plain"), sha256: "abc" }] });
  refuses("a negative size", [400, "payload_malformed"], { attachments: [{ ...entry("x", "a.txt", "text/plain"), bytes: -1 }] });
  refuses("the body is too large", [413, "body_too_large", "/body/content"], { body: { media_type: "text/plain", content: "x".repeat(256 * 1024 + 1) } });

  test("what is just within its length is accepted", async () => {
    for (const more of [
      { subject: "å".repeat(255) },
      { subject: "😀".repeat(255) },
      { reference: `${Date.now()}`.padEnd(128, "ö") },
      { body: { media_type: "text/html", content: `<p>${"x".repeat(256 * 1024 - 7)}</p>` } },
      { body: { media_type: "text/plain", content: "rad ett\r\n\trad två\u200d👩‍👩‍👧" } },
      { language: "zh-Hans" },
      { attachments: null, support: null, matter: null, kind: null, reply_by: null, reply: null, receipt: null, confidential: null, audience: null },
    ]) {
      await house.accepted(payload(more));
    }
    cursor = await house.end();
  });

  test("no problem repeats what the letter says", async () => {
    const secret = "hemlighet-4711";
    for (const more of [{ confidential: secret }, { kind: secret }, { [secret]: 1 }, { recipient: secret }, { reply: secret }, { audience: secret }]) {
      const answer = await house.kommunen.send(await house.kommunenSigner.sign(payload(more)));
      assert.ok(answer.status >= 400, answer.text);
      // The name of an unknown member is told, so that it can be found.
      if (!(secret in more)) assert.ok(!answer.text.includes(secret), answer.text);
    }
  });
}
