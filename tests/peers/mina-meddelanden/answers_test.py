"""Every answer that our stories get is valid under the schemas that we serve, whether it tells something or refuses.

  KUVERT_TEST_ANSWERS=FOLDER python answers_test.py

The stories of crates/mina-meddelanden leave each answer in that folder, as SERVICE-HASH.xml.
"""

import os
import sys
import tempfile
from pathlib import Path

import lxml.etree

import plain
from contract import SERVICES
from judges import Libxml2, lay_out_ours
from served import ENVELOPE

WORKPLACE = tempfile.TemporaryDirectory(prefix="kuvert-answers-")
OURS = lay_out_ours(Path(WORKPLACE.name) / "ours")
ANSWERS = sorted(Path(os.environ["KUVERT_TEST_ANSWERS"]).glob("*.xml"))


def test_the_stories_get_every_answer_of_every_operation():
    for service in SERVICES:
        operations = service.operations.values()
        answers = {response.tag for _, response, _ in operations}
        got = {element.tag for element, _ in answered(service)}
        assert answers <= got, "no story gets %s" % ", ".join(sorted(answers - got))
        assert any(failed for _, failed in answered(service)), "no story is refused by %s" % service.name


def test_every_answer_is_valid_under_our_schemas():
    wrong = []
    for service in SERVICES:
        schema = Libxml2(OURS[service.name]).schema
        replies = {response.tag for _, response, _ in service.operations.values()}
        faults = {fault.tag for _, _, fault in service.operations.values()}
        count = 0
        for element, failed in answered(service):
            count += 1
            assert element.tag in (faults if failed else replies), element.tag
            if not schema.validate(element):
                wrong.append("%s: %s" % (element.tag, schema.error_log.last_error.message))
        print("  %s: %d answers" % (service.name, count))
    assert not wrong, "%d answers are not valid, such as:\n  %s" % (len(wrong), "\n  ".join(sorted(set(wrong))[:20]))


def answered(service):
    """What stands in each answer of a service, as a document of its own, and whether it stands in a fault."""
    for file in ANSWERS:
        if file.name.startswith(service.name + "-"):
            yield inside(lxml.etree.parse(str(file)).getroot())


def inside(envelope):
    """The element that schemas speak of. What stands around it is SOAP 1.1's."""
    assert envelope.tag == ENVELOPE + "Envelope"
    (body,) = envelope
    assert body.tag == ENVELOPE + "Body"
    (element,) = body
    failed = element.tag == ENVELOPE + "Fault"
    if failed:
        code, text, detail = element
        assert [one.tag for one in element] == ["faultcode", "faultstring", "detail"] and text.text
        prefix, _, name = code.text.partition(":")
        assert "{%s}" % code.nsmap[prefix] == ENVELOPE and name in ("Client", "Server")
        (element,) = detail
    return lxml.etree.fromstring(lxml.etree.tostring(element)), failed


if __name__ == "__main__":
    sys.exit(plain.run(globals()))
