"""Our schemas, each time with one fault: what the messages must notice, if they are worth anything."""

import copy
import re
from collections import namedtuple

import lxml.etree

from judges import XS

# `about` are names of elements near the fault.
Mutant = namedtuple("Mutant", "file label about text")

PARTICLES = [XS + name for name in ("element", "any", "sequence", "choice", "group")]
GROUPS = [XS + name for name in ("sequence", "choice")]
LENGTHS = [XS + name for name in ("minLength", "maxLength", "minInclusive", "maxInclusive")]

SIMPLE = {"PartyId", "OrganizationNumber", "UserIdentity", "PersonalNumber", "EMailAdress"}

# What a built-in type is taken for by mistake. For a string without limits, token is no mistake that anyone could see.
TAKEN_FOR = {
    "xs:string": ["xs:anyURI", "xs:NMTOKEN", "xs:base64Binary", "xs:boolean"],
    "xs:boolean": ["xs:string", "xs:int", "xs:unsignedByte"],
    "xs:date": ["xs:dateTime", "xs:string", "xs:gYear"],
    "xs:dateTime": ["xs:date", "xs:string", "xs:time"],
    "xs:base64Binary": ["xs:hexBinary", "xs:string"],
    "xs:anyURI": ["xs:string", "xs:NMTOKEN"],
    "xs:integer": ["xs:int", "xs:decimal", "xs:nonNegativeInteger", "xs:string"],
    "xs:language": ["xs:string", "xs:token", "xs:NMTOKEN"],
    "xs:ID": ["xs:NCName", "xs:string", "xs:IDREF"],
}


def mutants(file, uses):
    """Each fault of one schema file, once."""
    tree = lxml.etree.parse(str(file), lxml.etree.XMLParser(remove_comments=True))
    for note in list(tree.iter(XS + "annotation")):
        note.getparent().remove(note)
    seen = {lxml.etree.tostring(tree)}
    for place, node in enumerate(tree.iter("*")):
        for label, fault in _faults(node):
            faulty = copy.deepcopy(tree)
            fault(list(faulty.iter("*"))[place])
            text = lxml.etree.tostring(faulty)
            if text not in seen:
                seen.add(text)
                yield Mutant(file.name, "%s %s: %s" % (file.name, _where(node), label), _about(node, uses), text)


def _faults(node):
    if node.tag in PARTICLES and node.getparent().tag != XS + "schema":
        yield from _occurrence(node)
        yield from _place(node)
    if node.tag == XS + "element":
        yield from _element(node)
    if node.tag == XS + "attribute":
        yield from _attribute(node)
    if node.tag == XS + "any":
        for space in ("##any", "##other", "##local", "##targetNamespace"):
            yield "of " + space, _setting(namespace=space)
        for process in {"lax", "strict", "skip"} - {node.get("processContents", "strict")}:
            yield process, _setting(processContents=process)
    if node.tag in GROUPS:
        for other in GROUPS if len(node) > 1 else ():
            yield "made " + other[len(XS):], lambda it, t=other: setattr(it, "tag", t)
    if node.tag == XS + "complexType" and node.find(XS + "simpleContent") is None:
        yield "mixed", _setting(mixed="false" if node.get("mixed") == "true" else "true")
    if node.tag in (XS + "restriction", XS + "extension"):
        yield from _base(node)
    if node.tag in LENGTHS:
        yield "one more", _setting(value=str(int(node.get("value")) + 1))
        yield "one less", _setting(value=str(int(node.get("value")) - 1))
        yield "removed", _removed
    if node.tag == XS + "enumeration":
        yield "removed", _removed
        yield "misspelt", _setting(value=node.get("value") + "s")
        yield "other case", _setting(value=node.get("value").swapcase())
        yield "one more", lambda it: it.addnext(_like(it, value=it.get("value")[:-1]))
    if node.tag == XS + "pattern":
        yield "removed", _removed
        for expression in expressions(node.get("value")):
            yield expression, _setting(value=expression)
    if node.tag == XS + "schema":
        form = "unqualified" if node.get("elementFormDefault") == "qualified" else "qualified"
        yield form, _setting(elementFormDefault=form)
        if node.find(".//" + XS + "attribute") is not None:
            yield "attributes qualified", _setting(attributeFormDefault="qualified")


def _occurrence(node):
    # Any number of any number is any number; so it is within a choice that is repeated, or around one.
    repeats = len(node) == 1 and node[0].get("maxOccurs") == "unbounded"
    repeated = node.getparent().tag == XS + "choice" and node.getparent().get("maxOccurs") == "unbounded"
    if repeats and node[0].get("minOccurs") == "0":
        return
    least, most = int(node.get("minOccurs", "1")), node.get("maxOccurs", "1")
    for other in (least - 1, least + 1):
        if other > 0 or other == 0 and not (_may_be_empty(node) or _may_be_empty(node.getparent())):
            larger = most if most == "unbounded" else str(max(int(most), other))
            yield "at least %d" % other, _setting(minOccurs=str(other), maxOccurs=larger)
    if repeats or repeated:
        others = []
    elif most == "unbounded":
        others = [str(max(least, 1)), str(max(least, 1) + 1), "1000"]
    else:
        others = [str(int(most) + 1), "unbounded"] + ([str(int(most) - 1)] if int(most) > max(least, 1) else [])
    for other in others:
        yield "at most " + other, _setting(maxOccurs=other)


def _may_be_empty(node):
    """Whether the content is empty in some message, so that saying that it may be says nothing."""
    if node.get("minOccurs") == "0":
        return True
    if node.tag == XS + "sequence":
        return all(_may_be_empty(child) for child in node)
    return node.tag == XS + "choice" and any(_may_be_empty(child) for child in node)


def _place(node):
    yield "removed", _removed
    ordered = node.getparent().tag == XS + "sequence"
    if ordered and node.getnext() is not None and node.getnext().tag in PARTICLES:
        yield "after the next", lambda it: it.getnext().addnext(it)
        yield "or the next", _either
    stranger = {"name": "unknown", "type": "xs:string", "minOccurs": "0"}
    yield "a stranger before", lambda it: it.addprevious(_new(it, stranger))
    yield "a stranger after", lambda it: it.addnext(_new(it, stranger))


def _element(node):
    if node.get("name"):
        yield "renamed", _setting(name=node.get("name") + "s")
        yield "other case", _setting(name=node.get("name").swapcase())
        yield "nillable", _setting(nillable="true")
        if node.getparent().tag != XS + "schema":
            qualified = node.getroottree().getroot().get("elementFormDefault") == "qualified"
            yield "other form", _setting(form="unqualified" if qualified else "qualified")
        elif node.get("type") or node[:1]:
            yield "abstract", _setting(abstract="true")
    if node.get("type"):
        yield "fixed", _setting(fixed="1")
        for other in _types_for(node):
            yield "a " + other, _setting(type=other)
    if node.get("ref"):
        yield "by another name", _named_here


def _types_for(node):
    """The simple types that this file knows, two of the others, and the built-in ones that are taken for this one."""
    schema = node.getroottree().getroot()
    simple = [t.get("name") for t in schema if t.tag == XS + "simpleType"]
    used = [t.get("type") for t in schema.iter(XS + "element") if t.get("type")]
    used = [name for name in dict.fromkeys(used) if not name.startswith("xs:") and name != node.get("type")]
    likely = [name for name in used if name.split(":")[-1] in SIMPLE]
    others = [name for name in used if name not in likely][:2]
    builtin = TAKEN_FOR.get(node.get("type"), ["xs:string"]) + ["xs:anyType"]
    return [name for name in dict.fromkeys(simple + likely + others + builtin) if name != node.get("type")]


def _attribute(node):
    yield "removed", _removed
    yield "renamed", _setting(name=node.get("name") + "s")
    yield "use", _setting(use="optional" if node.get("use") == "required" else "required")
    yield "prohibited", _setting(use="prohibited")
    yield "qualified", _setting(form="qualified")
    yield "fixed", _setting(fixed="1")
    for other in TAKEN_FOR[node.get("type")]:
        yield "a " + other, _setting(type=other)


def _base(node):
    kind = node.get("base")
    if kind == "xs:string" and (len(node) and node[0].tag != XS + "minInclusive"):
        yield "of token", _setting(base="xs:token")
    if any("." in facet.get("value") for facet in node.iter(XS + "pattern")):
        yield "of normalizedString", _setting(base="xs:normalizedString")
    if kind != "xs:string":
        for other in TAKEN_FOR.get(kind, ["xs:string", "xs:decimal"]):
            yield "of " + other, _setting(base=other)


def expressions(pattern):
    """A regular expression with one fault."""
    for match in re.finditer(r"\{(\d+)\}", pattern):
        count = int(match[1])
        for other in ("{%d}" % (count - 1), "{%d}" % (count + 1), "{%d,}" % count, "{0,%d}" % count):
            yield pattern[: match.start()] + other + pattern[match.end():]
    for match in re.finditer(r"\[(.)-(.)\]", pattern):
        low, high = map(ord, match.groups())
        for one, two in ((low - 1, high), (low + 1, high), (low, high - 1), (low, high + 1)):
            yield "%s[%s-%s]%s" % (pattern[: match.start()], chr(one), chr(two), pattern[match.end():])
    for match in re.finditer(r"\\d", pattern):
        for other in (".", "[0-9]", r"\w"):
            yield pattern[: match.start()] + other + pattern[match.end():]
    for match in re.finditer(r"(?<!\\)\.", pattern):
        yield pattern[: match.start()] + r"\S" + pattern[match.end():]
    for match in re.finditer(r"\\\.", pattern):
        yield pattern[: match.start()] + "." + pattern[match.end():]
    for match in re.finditer(r"[+*]", pattern):
        for other in {"+", "*", "?", ""} - {match[0]}:
            yield pattern[: match.start()] + other + pattern[match.end():]
    for match in re.finditer(r"(?<![\[{,\-\d\\])[\d@](?![,}\-])|(?<=\d)\d(?![,}\-])", pattern):
        for other in ("x", "3", "0"):
            yield pattern[: match.start()] + other + pattern[match.end():]
    for match in re.finditer(r"[^|()]*(\([^()]*\)[^|()]*)*\|", pattern):
        yield pattern[: match.start()] + pattern[match.end():]
    for match in re.finditer(r"\|[^|()]*(\([^()]*\)[^|()]*)*", pattern):
        yield pattern[: match.start()] + pattern[match.end():]


def _setting(**values):
    def fault(node):
        for name, value in values.items():
            node.set(name, value)
            if name == "maxOccurs" and value != "unbounded" and int(node.get("minOccurs", "1")) > int(value):
                node.set("minOccurs", value)

    return fault


def _removed(node):
    node.getparent().remove(node)


def _named_here(node):
    node.set("name", node.attrib.pop("ref").split(":")[-1])
    node.set("type", "xs:anyType")


def _either(node):
    following = node.getnext()
    choice = node.makeelement(XS + "choice")
    node.addprevious(choice)
    choice.extend([node, following])


def _new(node, attributes):
    return node.makeelement(XS + "element", attributes)


def _like(node, **values):
    other = copy.deepcopy(node)
    for name, value in values.items():
        other.set(name, value)
    return other


def _where(node):
    """The names around a node, and what it is."""
    steps = [str(step.get("name") or step.get("ref")) for step in reversed([node, *node.iterancestors()])
             if step.get("name") or step.get("ref")]
    kind = node.tag[len(XS):]
    value = " " + node.get("value") if node.get("value") else ""
    return "/".join(steps) + ("" if kind == "element" else " " + kind + value)


def _about(node, uses):
    """From near to far: the element, those it is in, those of the type it is in, those beside it and within."""
    outwards = [node, *node.iterancestors()]
    types = [step.get("name") for step in outwards if step.tag in (XS + "complexType", XS + "simpleType")]
    around = [*node.iter(XS + "element"), *node.itersiblings(), *node.itersiblings(preceding=True)]
    names = [*_named(outwards), *(user for name in types for user in uses.get(name, ())), *_named(around)]
    return tuple(dict.fromkeys(name.split(":")[-1] for name in names))


def _named(nodes):
    names = (node.get("name") or node.get("ref") for node in nodes if node.tag in (XS + "element", XS + "attribute"))
    return [name for name in names if name]


def users(files):
    """The names of the elements that have a type, by the type's name."""
    found = {}
    for file in files:
        for element in lxml.etree.parse(str(file)).iter(XS + "element"):
            if element.get("type"):
                found.setdefault(element.get("type").split(":")[-1], []).append(element.get("name"))
    return found
