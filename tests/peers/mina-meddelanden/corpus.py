"""Messages made from the description: valid ones, and each of them broken in every way that the description knows.

Every complex element of every message has its turn: it is shown with all its children while the rest of the message is
as short as it can be, and then each edit below is made, alone. What is valid afterwards is not assumed, it is judged by
the description.
"""

from collections import namedtuple

from building import descendants, focuses, maximal, minimal, written
from grammar import COMMENT, FOREIGN, XSI, Complex, Node, Text, qualified, valid, wildcard_of

# `about` are the names that the edit touches, so that a search for one can begin there. `again` says that the same edit
# was made to another element of the same type before.
Message = namedtuple("Message", "service label about again xml valid")


def messages(service):
    """All messages of a service, each once."""
    seen, done = set(), set()
    for element in {id(element): element for call in service.operations.values() for element in call}.values():
        for path, label, about, type_, root in _of(element, service.declared):
            xml = written(root)
            if xml not in seen:
                seen.add(xml)
                again = (type_, label) in done
                done.add((type_, label))
                yield Message(service.name, path + label, about, again, xml, valid(root, service.declared))


def _of(element, declared):
    yield element.name, ", shortest", (element.name,), element.type, minimal(element)
    for count, whole in enumerate(maximal(element)):
        yield element.name, ", longest %d" % count, (element.name,), element.type, whole
    for count, (name, twin) in enumerate(_same_ids(maximal(element)[0])):
        yield element.name, ", Id twice %d" % count, (name,), element.type, twin
    for root, path in focuses(element):
        steps = [step.tag.rsplit("}")[-1] for step in _walk(root, path)]
        here, names, type_ = "/".join(steps), tuple(steps[-2:]), _at(root, path).declared.type
        yield here, ", with all", names, type_, root
        for label, name, edit in _edits(_at(root, path), declared):
            edited = root.copy()
            edit(_at(edited, path))
            yield here, ": " + label, (*names, name), type_, edited


def _same_ids(whole):
    """For each xs:ID but the first, and once for the first, the message in which it has the value of another."""
    bearers = [node for node in descendants(whole) if "Id" in node.attributes]
    for place, bearer in enumerate(bearers if len(bearers) > 1 else ()):
        own, bearer.attributes["Id"] = bearer.attributes["Id"], bearers[0 if place else 1].attributes["Id"]
        yield bearer.tag.rsplit("}")[-1], whole.copy()
        bearer.attributes["Id"] = own


# Editing. An edit is given the focused element of a fresh copy.


def _edits(node, declared):
    name = node.tag.rsplit("}")[-1]
    yield from ((label, name, edit) for label, edit in _own_edits(node))
    yield from ((label, name, edit) for label, edit in _stranger_edits(node, declared))
    seen = set()
    for place, child in enumerate(node.children):
        if isinstance(child, Node) and child.tag not in seen:
            seen.add(child.tag)
            local = child.tag.rsplit("}")[-1]
            for label, edit in (
                *_child_edits(node, place, child), *_count_edits(node, place, child), *_value_edits(place, child),
            ):
                yield "%s: %s" % (local, label), local, edit


def _own_edits(node):
    yield "empty", lambda it: it.children.clear()
    yield "turned round", lambda it: it.children.reverse()
    yield "all twice", lambda it: it.children.extend([child.copy() for child in it.elements()])
    yield "words in it", lambda it: it.children.append("text")
    yield "words first", lambda it: it.children.insert(0, "text")
    yield "blanks in it", lambda it: it.children.append("\n  ")
    yield "renamed", lambda it: _set(it, tag=it.tag + "x")
    yield "unknown attribute", lambda it: it.attributes.update(unknown="x")
    yield "foreign attribute", lambda it: it.attributes.update({"{%s}a" % FOREIGN: "x"})
    yield "xml:lang", lambda it: it.attributes.update({"{http://www.w3.org/XML/1998/namespace}lang": "sv"})
    yield "xsi:nil", lambda it: it.attributes.update({"{%s}nil" % XSI: "true"})
    yield "xsi:nil, empty", lambda it: (it.attributes.update({"{%s}nil" % XSI: "true"}), it.children.clear())
    yield "xsi:schemaLocation", lambda it: it.attributes.update({"{%s}schemaLocation" % XSI: FOREIGN + " x.xsd"})
    type_ = node.declared.type
    if type_.name:
        yield "xsi:type", lambda it: it.attributes.update({"{%s}type" % XSI: qualified(type_.space, type_.name)})
    yield "xsi:type of another", lambda it: it.attributes.update({"{%s}type" % XSI: qualified(type_.space, "Nothing")})
    for name, attribute in type_.attributes.items():
        yield name + " absent", lambda it, n=name: it.attributes.pop(n, None)
        yield name + " misspelt", lambda it, n=name: _set(it, attributes={**it.attributes, n.swapcase(): "x"})
        for value in attribute.text.good + attribute.text.bad:
            yield "%s=%r" % (name, value[:40]), lambda it, n=name, v=value: it.attributes.update({n: v})


def _stranger_edits(node, declared):
    """Elements that have no place there, at each place; or have one, by a wildcard."""
    space = node.declared.type.space
    strangers = [Node(qualified(s, "unknown"), {}, ["x"]) for s in (space, FOREIGN, None)]
    wildcard = wildcard_of(node.declared.type)
    if wildcard:
        known = {element.space: element for element in reversed(declared.values())}
        for element in known.values():
            strangers += [minimal(element), Node(element.tag, {"wrong": "x"}, [])]
    for stranger in strangers:
        label = stranger.tag + (" wrong" if stranger.attributes else "")
        known_here = stranger.tag.startswith("{") and not stranger.tag.endswith("}unknown")
        for place in sorted({0, 1, len(node.children)}) if known_here else range(len(node.children) + 1):
            yield "%s at %d" % (label, place), lambda it, s=stranger, p=place: it.children.insert(p, s.copy())
        if wildcard and not wildcard.lax and not stranger.attributes:
            yield label + " alone, twice", lambda it, s=stranger: _set(it, children=[s.copy(), s.copy()])
            if len(stranger.children) == 1:
                many = [stranger.copy() for _ in range(1001)]
                yield label + " alone, 1001 times", lambda it, m=many: _set(it, children=m)
        if wildcard:
            yield label + " alone", lambda it, s=stranger: _set(it, children=[s.copy()])
            yield label + " last", lambda it, s=stranger: _set(it, children=it.children[:-1] + [s.copy()])


def _child_edits(node, place, child):
    yield "removed", lambda it: it.children.pop(place)
    yield "twice", lambda it: it.children.insert(place, it.children[place].copy())
    yield "alone", lambda it: _set(it, children=[it.children[place]])
    yield "first", lambda it: it.children.insert(0, it.children.pop(place))
    yield "last", lambda it: it.children.append(it.children.pop(place))
    yield "again at the end", lambda it: it.children.append(it.children[place].copy())
    if place + 1 < len(node.children):
        yield "after the next", lambda it: it.children.insert(place + 1, it.children.pop(place))
        yield "with the next removed", lambda it: (it.children.pop(place), it.children.pop(place))
        yield "with the next, twice", lambda it: _again(it, place)
    local = child.tag.rsplit("}")[-1]
    yield "renamed", lambda it: _set(it.children[place], tag=child.tag + "x")
    yield "in the other case", lambda it: _set(it.children[place], tag=child.tag[: -len(local)] + local.swapcase())
    spaces = {None, FOREIGN, node.declared.type.space, node.tag[1:].split("}")[0] if "}" in node.tag else None}
    if isinstance(child.declared.type, Complex):
        spaces.add(child.declared.type.space)
    for space in sorted(spaces, key=str):
        tag = qualified(space, local)
        if tag != child.tag:
            yield "in {%s}" % (space or ""), lambda it, t=tag: _set(it.children[place], tag=t)


def _count_edits(node, place, child):
    most = child.declared.most
    if most is None or node.declared.type.content.most is None:
        yield "1001 times", lambda it: _repeat(it, place, 1001)
        yield "alone, 1001 times", lambda it: (_set(it, children=[it.children[place]]), _repeat(it, 0, 1001))
    elif most > 1:
        for count in (most - 1, most, most + 1):
            yield "%d times" % count, lambda it, c=count: _repeat(it, place, c)
        yield "%d times" % (2 * most), lambda it: _repeat(it, place, 2 * most)


def _value_edits(place, child):
    type_ = child.declared.type
    text = type_ if isinstance(type_, Text) else type_.text
    if text:
        for value in text.good + text.bad:
            yield repr(value[:40]), lambda it, v=value: _set(it.children[place], children=[v])
        yield "an element in it", lambda it: it.children[place].children.append(Node(child.tag, {}, []))
        yield "a comment in it", lambda it: it.children[place].children.append(COMMENT)
    if isinstance(type_, Text) and child.declared.space != FOREIGN:
        yield "attribute", lambda it: it.children[place].attributes.update(unknown="x")
        yield "xsi:nil", lambda it: _set(it.children[place], attributes={"{%s}nil" % XSI: "true"}, children=[])


def _repeat(node, place, count):
    """`count` of the element at `place` in the place of those that are there."""
    first = node.children[place]
    node.children = [child for child in node.children if not (isinstance(child, Node) and child.tag == first.tag)]
    node.children[place:place] = [first.copy() for _ in range(count)]


def _again(node, place):
    node.children[place:place] = [child.copy() for child in node.children[place : place + 2]]


def _set(node, **values):
    for name, value in values.items():
        setattr(node, name, value)


def _at(root, path):
    for place in path:
        root = root.children[place]
    return root


def _walk(root, path):
    yield root
    for place in path:
        root = root.children[place]
        yield root
