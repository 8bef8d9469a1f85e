"""Messages from the description: the shortest, the longest, and those that show one element with all its children."""

from itertools import product
from xml.sax.saxutils import escape, quoteattr

from grammar import COMMENT, XSI, Choice, Complex, Element, Node, Sequence, Text, Wildcard, leaves


def minimal(element):
    return _node(element, _shortest(element.type.content) if isinstance(element.type, Complex) else ())


def maximal(element):
    """With everything optional and everything repeatable twice; one for each choice that excludes others."""
    if isinstance(element.type, Text) or element.type.content is None:
        return [_node(element, (), attributes=True)]
    wholes = []
    for word in _fullest(element.type.content):
        deep = [maximal(child) for child in word]
        for turn in range(max([len(options) for options in deep], default=1)):
            node = _node(element, (), attributes=True)
            node.children = [options[turn % len(options)].copy() for options in deep]
            wholes.append(node)
    _unique_ids(wholes)
    return wholes


def _unique_ids(wholes):
    for whole in wholes:
        for count, node in enumerate(descendants(whole)):
            if "Id" in node.attributes:
                node.attributes["Id"] = "x%d" % count


def descendants(node):
    yield node
    for child in node.elements():
        yield from descendants(child)


def _node(element, word, attributes=False):
    type_ = element.type
    text = type_ if isinstance(type_, Text) else type_.text
    declared = type_.attributes.items() if isinstance(type_, Complex) else ()
    return Node(
        element.tag,
        {name: attribute.text.good[0] for name, attribute in declared if attribute.required or attributes},
        [text.good[0]] if text else [minimal(child) for child in word],
        element,
    )


def focuses(element):
    """Each complex element below, with all its children, in a message that is otherwise as short as it can be."""
    if isinstance(element.type, Text):
        return
    words = _fullest(element.type.content)
    for word in words:
        yield _node(element, word), ()
    for child in _children(element.type.content):
        for below, path in focuses(child):
            word = _with(element.type.content, child)
            root = _node(element, word)
            place = next(index for index, part in enumerate(word) if part is child)
            root.children[place] = below
            yield root, (place, *path)


def _children(content):
    for leaf in leaves(content):
        yield from leaf.samples if isinstance(leaf, Wildcard) else (leaf,)


def _shortest(part):
    if part is None:
        return []
    if isinstance(part, Element):
        return [part] * part.least
    if isinstance(part, Wildcard):
        return list(part.samples[-1:]) * part.least
    if isinstance(part, Sequence):
        return [child for item in part.items for child in _shortest(item)] * part.least
    return min((_shortest(item) for item in part.items), key=len) * part.least


def _fullest(part):
    """Words with everything in them; several where one choice excludes another."""
    if part is None:
        return [[]]
    if isinstance(part, Element):
        return [[part] * (1 if part.most == 1 else 2)]
    if isinstance(part, Wildcard):
        return [list(part.samples) if part.most is None else list(part.samples[:1])]
    inner = [_fullest(item) for item in part.items]
    if isinstance(part, Choice) and part.most == 1:
        return [word for words in inner for word in words]
    words = [[child for word in words for child in word] for words in product(*inner)]
    return words if part.most == 1 else [word * 2 for word in words]


def _with(part, wanted):
    """The shortest word that has `wanted` in it."""
    if isinstance(part, (Element, Wildcard)):
        return [wanted] * max(1, part.least if isinstance(part, Element) else 1)
    inside = [wanted in list(_children(item)) for item in part.items]
    if isinstance(part, Choice):
        return _with(part.items[inside.index(True)], wanted)
    first = inside.index(True)
    return [
        child
        for index, item in enumerate(part.items)
        for child in (_with(item, wanted) if index == first else _shortest(item))
    ]


# Writing. All namespaces are prefixed, so that an element in none is in none.


def written(root):
    spaces = {XSI: "xsi", "http://www.w3.org/XML/1998/namespace": "xml"}
    body = _write(root, spaces)
    declared = "".join(" xmlns:%s=%s" % (p, quoteattr(s)) for s, p in spaces.items() if p != "xml")
    name_end = min(i for i in (body.find(" "), body.find(">"), body.find("/>")) if i >= 0)
    return (body[:name_end] + declared + body[name_end:]).encode()


def _write(node, spaces):
    name = _name(node.tag, spaces)
    attributes = "".join(
        " %s=%s" % (_name(key, spaces), _quoted(_name(value, spaces) if key == "{%s}type" % XSI else value))
        for key, value in node.attributes.items()
    )
    inner = "".join(
        _write(child, spaces) if isinstance(child, Node) else child if child == COMMENT else _escaped(child)
        for child in node.children
    )
    return "<%s%s>%s</%s>" % (name, attributes, inner, name) if inner else "<%s%s/>" % (name, attributes)


def _name(tag, spaces):
    if not tag.startswith("{"):
        return tag
    space, local = tag[1:].split("}")
    return "%s:%s" % (spaces.setdefault(space, "n%d" % len(spaces)), local)


def _escaped(value):
    return escape(value, {"\r": "&#13;"})


def _quoted(value):
    return '"%s"' % escape(value, {'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})
