"""Our WSDL and XSD files state the contract that the official ones state.

  python contract_test.py        or        python -m pytest -q

Three things are held against each other: our files, the official ones (where ../shared/reference/mina-meddelanden lies
beside the repository), and a description of the contract in Python. The description makes the messages, tens of
thousands, and says of each whether it is valid; two libraries that are not ours then say the same under either set of
files. That the messages are worth something is shown by faults put into our files one at a time: each is noticed.
"""

import sys
import tempfile
import unittest
from collections import Counter
from functools import lru_cache
from pathlib import Path

import lxml.etree
import zeep
import zeep.exceptions

import plain
import texts
from building import maximal, minimal, written
from contract import SERVICES
from corpus import messages
from grammar import Text
from judges import OFFICIAL_WSDL, OURS, QUIRKS, REFERENCE, XS, Libxml2, Xmlschema, lay_out_official, lay_out_ours
from judges import quirks, verdict
from mutants import mutants, users
from samples import bodies
from search import Search, noticed_by
from served import House, by_rfc_2396, by_rfc_3986, reached
from wsdl import facts, faults

WORKPLACE = tempfile.TemporaryDirectory(prefix="kuvert-contract-")
FOLDER = Path(WORKPLACE.name)
NAMES = [service.name for service in SERVICES]


@lru_cache(maxsize=None)
def corpus():
    return {service.name: list(messages(service)) for service in SERVICES}


@lru_cache(maxsize=None)
def ours():
    return lay_out_ours(FOLDER / "ours")


@lru_cache(maxsize=None)
def official():
    needs_reference()
    return lay_out_official(FOLDER / "official")


def everything():
    return (message for name in NAMES for message in corpus()[name])


def needs_reference():
    if not REFERENCE.is_dir():
        raise unittest.SkipTest("../shared/reference/mina-meddelanden is not here")


# The messages.


def test_each_kind_of_text_has_samples_that_are_right_and_samples_that_are_wrong():
    for name, kind in vars(texts).items():
        if isinstance(kind, Text):
            assert kind.good and all(map(kind.ok, kind.good)), name
            assert name == "STRING" or kind.bad and not any(map(kind.ok, kind.bad)), name


def test_there_are_messages_of_every_element_that_travels():
    for service in SERVICES:
        counted = Counter((m.label.split("/")[0].split(",")[0].split(":")[0], m.valid) for m in corpus()[service.name])
        for operation in service.operations.values():
            for element in operation:
                empty = element.type.content is None
                assert counted[element.name, True] >= (1 if empty else 3), element.name
                assert counted[element.name, False] >= (8 if empty else 30), element.name
        right = sum(m.valid for m in corpus()[service.name])
        print("  %s: %d messages, %d valid" % (service.name, len(corpus()[service.name]), right))


def test_libxml2_says_of_our_files_what_the_description_says():
    assert_as_described(Libxml2, ours())


def test_libxml2_says_of_the_official_files_what_the_description_says():
    assert_as_described(Libxml2, official())


def test_xmlschema_says_of_our_files_what_the_description_says():
    assert_as_described(Xmlschema, ours())


def test_xmlschema_says_of_the_official_files_what_the_description_says():
    assert_as_described(Xmlschema, official())


def assert_as_described(library, types):
    """libxml2 hears every message; xmlschema, which is slow, each edit of a type in one place."""
    wrong, heard = [], 0
    for name in NAMES:
        judge = library(types[name])
        for message in corpus()[name]:
            if library is Libxml2 or not message.again:
                heard += 1
                if judge.valid(message.xml) != verdict(judge, message):
                    wrong.append("%s should be %s" % (message.label, "valid" if message.valid else "invalid"))
    print("  %d messages" % heard)
    assert not wrong, "%d messages, such as:\n  %s" % (len(wrong), "\n  ".join(wrong[:20]))


def test_every_quirk_of_a_library_is_met():
    met = Counter(quirk for m in everything() for judge in (Libxml2, Xmlschema) for quirk in quirks(judge, m))
    assert met.keys() == set(QUIRKS), "no message meets it: %s" % (set(QUIRKS) - met.keys())
    print("  " + ", ".join("%s %s: %d" % (library, why, met[one]) for one in QUIRKS for library, _, _, why in [one]))


def test_samples_from_the_wire_are_judged_alike():
    needs_reference()
    judges = [(name, Libxml2(ours()[name]), Libxml2(official()[name])) for name in NAMES]
    judges += [(name, Xmlschema(ours()[name]), Xmlschema(official()[name])) for name in NAMES]
    valid = Counter()
    for file, body in bodies(REFERENCE / "samples"):
        for name, mine, theirs in judges:
            assert mine.valid(body) == theirs.valid(body), "%s is judged otherwise as %s" % (file, name)
            valid[file] += mine.valid(body)
    print("  %d samples, %d of them valid" % (len(valid), sum(map(bool, valid.values()))))
    refused = {file for file in valid if not valid[file]}
    assert refused == {"v1-deliverSecure-sunet-2013.xml"}, refused  # of version 1, in no file of ours nor theirs


# Declarations that messages show only inside wildcards, or not at all.


def test_the_official_files_declare_more_only_where_no_operation_carries_it():
    for service in SERVICES:
        assert declared(ours()[service.name]) == set(service.declared)
    for service in SERVICES:
        assert declared(official()[service.name]) == set(service.declared) | service.unused


def declared(types):
    """The elements that a set of files declares for the whole of it; the library knows those of XSD itself besides."""
    return {tag for tag in Xmlschema(types).schema.maps.elements if not tag.startswith(XS)}


def test_defaults_are_the_same():
    def defaults(files):
        roots = [lxml.etree.parse(str(file)).getroot() for file in files]
        return {
            (root.get("targetNamespace"), one.get("name"), kind, one.get(kind))
            for root in roots
            for one in root.iter(XS + "element", XS + "attribute")
            for kind in ("default", "fixed")
            if one.get(kind) is not None
        }

    mine = defaults(OURS.glob("*.xsd"))
    assert [name for _, name, *_ in mine] == ["EncodingOfSignedText"]
    needs_reference()
    assert mine == defaults((REFERENCE / "wsdl").rglob("*.xsd"))


# The WSDLs.


def test_our_wsdls_say_what_the_description_says():
    for service in SERVICES:
        stated = facts(lxml.etree.parse(str(OURS / (service.name + ".wsdl"))))
        assert stated["style"] == "document" and stated["operations"].keys() == service.operations.keys()
        for name, (request, response, fault) in service.operations.items():
            assert stated["operations"][name]["elements"] == {
                ("input", None): [("parameters", request.tag)],
                ("output", None): [("parameters", response.tag)],
                ("fault", "fault"): [("fault", fault.tag)],
            }
            assert stated["operations"][name]["binding"]["soapAction"] == ""


def test_our_wsdls_say_what_the_official_ones_say():
    needs_reference()
    for name, file in OFFICIAL_WSDL.items():
        mine = facts(lxml.etree.parse(str(OURS / (name + ".wsdl"))))
        assert mine == facts(lxml.etree.parse(str(REFERENCE / "wsdl" / file))), name


def test_each_fault_in_a_wsdl_is_noticed():
    count = 0
    for name in NAMES:
        tree = lxml.etree.parse(str(OURS / (name + ".wsdl")))
        right = facts(tree)
        for fault in faults(tree):
            count += 1
            try:
                noticed = facts(tree) != right
            except (ValueError, KeyError):
                noticed = True
            assert noticed, "%s: %s" % (name, fault)
    print("  %d faults" % count)


# As the service serves them.


def test_every_import_leads_to_a_document_by_either_rule():
    for name in NAMES:
        documents = reached(name, by_rfc_3986)
        assert documents == reached(name, by_rfc_2396)
        once = Counter(documents.values())
        wsdl = {"authority": 1}.get(name, 0)  # its calls are in the namespace of the WSDL
        assert [space for space, count in once.items() if count > 1] == [s for s in once if "/schema/" not in s][:wsdl]
    asked = {address.partition("xsd=")[2] for name in NAMES for address in reached(name, by_rfc_3986)} - {""}
    assert asked == {file.stem for file in OURS.glob("*.xsd")}, "a file is served that nobody asks for"


def test_zeep_loads_our_wsdls_and_calls_every_operation():
    for service in SERVICES:
        judge = Libxml2(ours()[service.name])
        replies = {call[0].tag: call[1] for call in service.operations.values()}

        def answer(element):
            assert judge.valid(lxml.etree.tostring(element)), "zeep wrote what is not valid"
            return lxml.etree.fromstring(written(minimal(replies[element.tag]))), False

        with House(answer) as house:
            client = zeep.Client(house.wsdl(service.name))
            for name, (request, response, _) in service.operations.items():
                values = read_by(client, request)
                getattr(client.service, name)(**values)
                action, element = house.asked.pop()
                assert action == '""' and element.tag == request.tag


def test_zeep_writes_again_what_it_has_read():
    for service in SERVICES:
        with House() as house:
            client = zeep.Client(house.wsdl(service.name))
        for call in service.operations.values():
            for element in call:
                xml = written(minimal(element) if service.name == "service" else maximal(element)[0])
                declared = client.get_element(element.tag)
                value = declared.parse(lxml.etree.fromstring(xml), client.wsdl.types)
                parent = lxml.etree.Element("parent")
                declared.render(parent, value if value is not None else declared())
                assert shape(parent[0]) == shape(lxml.etree.fromstring(xml)), element.tag


def test_zeep_reads_a_fault():
    for service in SERVICES:
        name, (request, _, fault) = next(iter(service.operations.items()))
        with House(lambda _: (lxml.etree.fromstring(written(minimal(fault))), True)) as house:
            client = zeep.Client(house.wsdl(service.name))
            try:
                getattr(client.service, name)(**read_by(client, request))
                raise AssertionError("the fault was not raised")
            except zeep.exceptions.Fault as raised:
                (detail,) = raised.detail
                assert detail.tag == fault.tag


def read_by(client, element):
    """The shortest message of an element, as zeep reads it: names and values."""
    value = client.get_element(element.tag).parse(lxml.etree.fromstring(written(minimal(element))), client.wsdl.types)
    return {} if value is None else {name: value[name] for name in value}


def shape(element):
    inside = [shape(child) for child in element]
    return element.tag, (element.text or "").strip(), sorted(element.attrib.items()), inside


# Faults in our schemas.

USER = r"UserIdentity pattern (18|19|20)\d{10}|[a-z]{2}.*: "

# No message can show these, by the reason given.
EQUIVALENT = {
    USER + r"(18|19|20)\d{0,10}|[a-z]{2}.*": "it has twelve characters at least",
    USER + r"(18|19|20)\d{10}|[a-z]{2}.+": "it has twelve characters at least",
    USER + r"(18|19|20)\d{10}|[a-z]{2,}.*": "the rest may be letters",
    "SPKIData/SPKISexp: at most 2": "what it is in may be repeated, and the rest of that may be absent",
    "SPKIData/SPKISexp: at most unbounded": "what it is in may be repeated, and the rest of that may be absent",
}


def test_each_fault_in_our_schemas_is_noticed():
    folder = FOLDER / "faulty"
    types = lay_out_ours(folder)
    searches = [Search(corpus()[name], types[name]) for name in NAMES]
    files = sorted(folder / file.name for file in OURS.glob("*.xsd"))
    uses = users(files)
    survivors, count, refused = [], Counter(), 0
    for file in files:
        right = file.read_bytes()
        for mutant in mutants(file, uses):
            count[file.stem] += 1
            file.write_bytes(mutant.text)
            found = noticed_by([search for search in searches if file in search.files], mutant)
            refused += isinstance(found, str)
            if found is None:
                survivors.append(mutant.label.partition(" ")[2])
        file.write_bytes(right)
    print("  %d faults, %d of them refused by the library at once" % (count.total(), refused))
    print("  " + ", ".join("%s %d" % one for one in sorted(count.items())))
    assert min(count.values()) > 50, "faults were not made in every file"
    unnoticed = set(survivors) - EQUIVALENT.keys()
    assert not unnoticed, "no message notices:\n  " + "\n  ".join(sorted(unnoticed))
    assert EQUIVALENT.keys() == set(survivors), "noticed after all: %s" % (EQUIVALENT.keys() - set(survivors))


if __name__ == "__main__":
    sys.exit(plain.run(globals()))
