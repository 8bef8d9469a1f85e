// Attachments: what they are, whether they are all there, and whether they are what the manifest says.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertProblem, multipart, parts } from "../support/client.mjs";
import { entry, payload, pdf } from "../support/letter.mjs";

const PNG = Buffer.from("89504e470d0a1a0a0000000d49484452", "hex");
const JPEG = Buffer.from("ffd8ffe000104a46494600", "hex");
const MIB = 1024 * 1024;

export default function attachments(house) {
  let cursor, objects;
  before(async () => {
    cursor = await house.end();
    objects = house.service.objects();
  });
  after(async () => {
    await house.assertNothingSince(cursor);
    assert.equal(house.service.objects(), objects, "a refused letter left a file behind");
  });

  /** A letter with these files, whose manifest may be changed, is refused so. `sent` are other parts than the files. */
  function refuses(what, expected, files, { manifest = (m) => m, sent } = {}) {
    test(what, () => {
      const list = files.map(([content, name, type]) => entry(content, name, type));
      return house.refused(payload({ attachments: manifest(list) }), expected, sent ?? files.map(([content]) => content));
    });
  }
  const one = [[pdf(), "beslut.pdf", "application/pdf"]];
  const two = [...one, ["a;b\n1;2\n", "underlag.csv", "text/csv"]];
  const big = [[pdf(600_000), "stor.pdf", "application/pdf"], ["a;b\n", "underlag.csv", "text/csv"]];

  refuses("a type that is not taken", [415, "attachment_type_not_allowed", "/attachments/0/media_type"], [["PK", "a.zip", "application/zip"]]);
  refuses("a type with a parameter", [415, "attachment_type_not_allowed", "/attachments/0/media_type"], [["a", "a.txt", "text/plain; charset=utf-8"]]);
  refuses("HTML is not taken", [415, "attachment_type_not_allowed"], [["<p>", "a.html", "text/html"]]);
  refuses("SVG is not taken", [415, "attachment_type_not_allowed"], [["<svg/>", "a.svg", "image/svg+xml"]]);

  const MISMATCH = [415, "attachment_content_mismatch", "/attachments/0"];
  refuses("a program that is called PDF", MISMATCH, [["MZ\u0090\u0000", "a.pdf", "application/pdf"]]);
  refuses("a JPEG that is called PNG", MISMATCH, [[JPEG, "a.png", "image/png"]]);
  refuses("a PNG that is called JPEG", MISMATCH, [[PNG, "a.jpg", "image/jpeg"]]);
  refuses("text with NUL", MISMATCH, [["a\u0000b", "a.txt", "text/plain"]]);
  refuses("text that is not UTF-8", MISMATCH, [[Buffer.from("p\u00e5", "latin1"), "a.txt", "text/plain"]]);
  refuses("a calendar that is a card", MISMATCH, [["BEGIN:VCARD\r\n", "a.ics", "text/calendar"]]);
  refuses("XML that expands", MISMATCH, [["<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "a.xml", "application/xml"]]);
  refuses("an empty PDF", MISMATCH, [["", "a.pdf", "application/pdf"]]);

  refuses("an encrypted PDF", [422, "pdf_encrypted", "/attachments/0"], [[pdf(0, "/Encrypt 5 0 R"), "a.pdf", "application/pdf"]]);
  refuses("an encrypted PDF that is large", [422, "pdf_encrypted", "/attachments/0"], [[pdf(MIB, "/Encrypt 5 0 R"), "a.pdf", "application/pdf"]]);
  refuses("an encrypted PDF that writes the name with an escape", [422, "pdf_encrypted"], [[pdf(0, "/#45ncrypt 5 0 R"), "a.pdf", "application/pdf"]]);
  refuses("half a PDF", [422, "pdf_broken", "/attachments/0"], [[pdf(9000).subarray(0, 5000), "a.pdf", "application/pdf"]]);
  refuses("a PDF with much after its end", [422, "pdf_broken"], [[Buffer.concat([pdf(), Buffer.alloc(4096, 32)]), "a.pdf", "application/pdf"]]);

  const zeros = "A".repeat(43);
  refuses("another checksum", [400, "attachment_checksum_mismatch", "/attachments/0"], one, { manifest: ([m]) => [{ ...m, sha256: zeros }] });
  refuses("another checksum of a large one", [400, "attachment_checksum_mismatch", "/attachments/0"], big, { manifest: ([m, n]) => [{ ...m, sha256: zeros }, n] });
  refuses("smaller than it says", [400, "attachment_size_mismatch", "/attachments/0"], one, { manifest: ([m]) => [{ ...m, bytes: m.bytes + 1 }] });
  refuses("larger than it says", [400, "attachment_size_mismatch", "/attachments/0"], one, { manifest: ([m]) => [{ ...m, bytes: m.bytes - 1 }] });
  refuses("it says nothing and is large", [400, "attachment_size_mismatch", "/attachments/0"], big, { manifest: ([m, n]) => [{ ...m, bytes: 0 }, n] });

  refuses("one is missing", [400, "attachment_missing", "/attachments/1"], two, { sent: [two[0][0]] });
  refuses("one is missing after a large one", [400, "attachment_missing", "/attachments/1"], big, { sent: [big[0][0]] });
  refuses("all are missing", [400, "attachment_missing", "/attachments/0"], two, { sent: [] });
  refuses("one too many", [400, "attachment_extra"], one, { sent: [one[0][0], "mer"] });
  refuses("one, where there should be none", [400, "attachment_extra"], [], { sent: ["mer"] });
  refuses("swapped, of different sizes", [400, "attachment_size_mismatch", "/attachments/0"], two, { sent: [two[1][0], two[0][0]] });
  refuses("swapped, of the same size", [400, "attachment_checksum_mismatch", "/attachments/0"],
    [["rad 1", "a.txt", "text/plain"], ["rad 2", "b.txt", "text/plain"]], { sent: ["rad 2", "rad 1"] });
  refuses("the same one twice", [400, "attachment_size_mismatch", "/attachments/1"], two, { sent: [two[0][0], two[0][0]] });

  const claim = (bytes) => ({ name: "a.pdf", media_type: "application/pdf", bytes, sha256: zeros });
  refuses("one of more than 100 MiB", [413, "attachment_too_large", "/attachments/0/bytes"], [], { manifest: () => [claim(100 * MIB + 1)] });
  refuses("more than 250 MiB together", [413, "attachment_too_large", "/attachments"], [], { manifest: () => [1, 2, 3].map(() => claim(90 * MIB)) });
  refuses("sizes whose sum is more than a number holds", [413, "attachment_too_large"], [], { manifest: () => [claim(2 ** 63), claim(2 ** 63)] });
  refuses("26 of them", [413, "too_many_attachments", "/attachments"], [], { manifest: () => Array.from({ length: 26 }, () => claim(1)) });

  test("a part with another name is none of the manifest's", async () => {
    const letter = payload({ attachments: [entry(one[0][0])] });
    const list = parts(await house.kommunenSigner.sign(letter));
    const answer = await house.kommunen.submit([...list, { name: "file", content: one[0][0] }]);
    assertProblem(answer, 400, "attachment_extra");
    await house.assertAbsent(letter.reference);
  });

  test("name and type come from the manifest; the part's own headers are not read", async () => {
    const content = pdf(3000);
    const letter = payload({ attachments: [entry(content)] });
    const list = parts(await house.kommunenSigner.sign(letter));
    const answer = await house.kommunen.submit([...list, { name: "attachment", type: "text/html", file: "../../x.exe", content }]);
    assert.equal(answer.status, 201, answer.text);
    cursor = await house.end();
  });

  test("one of each type, 25 in all, around the size where a file of its own begins", async () => {
    const kinds = [
      [pdf(), "a.pdf", "application/pdf"], [PNG, "b.png", "image/png"], [JPEG, "c.jpg", "image/jpeg"], ["hej", "d.txt", "text/plain"],
      ["a;b\n", "e.csv", "text/csv"], ["<a>å</a>", "f.xml", "application/xml"], ["BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "g.ics", "text/calendar"],
      ["<a/>", "h.xml", "text/xml"], ["", "i.txt", "text/plain"],
      [pdf(256 * 1024 - 1), "j.pdf", "application/pdf"], [pdf(256 * 1024), "k.pdf", "application/pdf"], [pdf(256 * 1024 + 1), "l.pdf", "application/pdf"],
      [pdf(16 * 1024), "m.pdf", "application/pdf"],
    ];
    while (kinds.length < 25) kinds.push([`rad ${kinds.length}`, `n${kinds.length}.txt`, "text/plain"]);
    await house.accepted(payload({ attachments: kinds.map((kind) => entry(...kind)) }), kinds.map(([content]) => content));
    cursor = await house.end();
    objects = house.service.objects();
  });

  test("a body that comes a byte at a time is read as well", async () => {
    const content = pdf(300);
    const { boundary, body } = multipart(parts(await house.kommunenSigner.sign(payload({ attachments: [entry(content)] })), [content]));
    const headers = { "content-type": `multipart/form-data; boundary=${boundary}`, "content-length": body.length };
    const drip = (async function* () {
      for (let at = 0; at < body.length; at += 1) yield body.subarray(at, at + 1);
    })();
    const answer = await house.kommunen.ask("POST", "/v1/letters", { headers, body: drip });
    assert.equal(answer.status, 201, answer.text);
    cursor = await house.end();
  });
}
