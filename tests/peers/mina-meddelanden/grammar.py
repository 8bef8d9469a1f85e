"""How a contract is described here: kinds of text, elements, and the order in which they stand.

A description knows what is valid by itself, without any schema: it is a judge of its own, slow and plain.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Callable, Optional

XSI = "http://www.w3.org/2001/XMLSchema-instance"
FOREIGN = "urn:example:elsewhere"
COMMENT = "<!--x-->"  # among the children of a node: no text


@dataclass(frozen=True, eq=False)
class Text:
    """A kind of text: what is right, and samples of both. The first good one is the plain one."""

    name: str
    ok: Callable[[str], bool]
    good: tuple
    bad: tuple


@dataclass(frozen=True, eq=False)
class Attribute:
    text: Text
    required: bool = False


@dataclass(frozen=True, eq=False)
class Complex:
    """A type with elements, attributes, or both. `name` is set where a message may say it in xsi:type."""

    space: str
    content: object = None
    attributes: dict = field(default_factory=dict)
    mixed: bool = False
    text: Optional[Text] = None
    name: Optional[str] = None


@dataclass(frozen=True, eq=False)
class Element:
    name: str
    type: object
    space: str = None
    least: int = 1
    most: Optional[int] = 1  # None: as many as you like

    @property
    def tag(self):
        return qualified(self.space, self.name)


@dataclass(frozen=True, eq=False)
class Wildcard:
    """Elements of other files. `samples` are put in its place when messages are made."""

    space: str  # the target namespace that ##other excludes; "" is ##any
    samples: tuple
    lax: bool = True
    least: int = 0
    most: Optional[int] = None


@dataclass(frozen=True, eq=False)
class Sequence:
    items: tuple
    least: int = 1
    most: Optional[int] = 1


@dataclass(frozen=True, eq=False)
class Choice:
    items: tuple
    least: int = 1
    most: Optional[int] = 1


@dataclass
class Node:
    """An element of a message. `declared` is what it was made from; an edit may have turned it into something else."""

    tag: str
    attributes: dict
    children: list  # of Node, or str for text
    declared: Optional[Element] = None

    def copy(self):
        children = [child if isinstance(child, str) else child.copy() for child in self.children]
        return Node(self.tag, dict(self.attributes), children, self.declared)

    def elements(self):
        return [child for child in self.children if isinstance(child, Node)]

    def text(self):
        return "".join(child for child in self.children if isinstance(child, str) and child != COMMENT)


def qualified(space, name):
    return "{%s}%s" % (space, name) if space else name


def valid(root, declarations):
    """Whether a whole message is valid: its root is declared, and no two xs:ID are the same."""
    seen = set()
    declared = declarations.get(root.tag)
    return declared is not None and _element(root, declared.type, declarations, seen)


def _element(node, type_, declarations, seen):
    if not _attributes(node, type_, seen):
        return False
    if isinstance(type_, Text):
        return not node.elements() and type_.ok(node.text())
    if type_.text is not None:
        return not node.elements() and type_.text.ok(node.text())
    if not type_.mixed and node.text().strip(" \t\r\n"):
        return False
    elements = node.elements()
    if type_.content is None:
        return not node.children
    word = "".join(element.tag + ";" for element in elements)
    if not _pattern(type_.content).fullmatch(word):
        return False
    declared, wildcard = _parts(type_.content)
    for element in elements:
        if element.tag in declared:
            if not _element(element, declared[element.tag].type, declarations, seen):
                return False
        elif element.tag in declarations:
            if not _element(element, declarations[element.tag].type, declarations, seen):
                return False
        elif not wildcard.lax:
            return False
    return True


def _attributes(node, type_, seen):
    declared = type_.attributes if isinstance(type_, Complex) else {}
    for name, value in node.attributes.items():
        if name.startswith("{%s}" % XSI):
            if not _instance_attribute(name, value, type_):
                return False
        elif name not in declared or not declared[name].text.ok(value):
            return False
        elif declared[name].text.name == "ID":
            if value.strip() in seen:
                return False
            seen.add(value.strip())
    return all(name in node.attributes for name, attribute in declared.items() if attribute.required)


def _instance_attribute(name, value, type_):
    if name.endswith("}type"):
        return isinstance(type_, Complex) and value == qualified(type_.space, type_.name or "")
    return name.endswith("}schemaLocation")  # xsi:nil is for nillable elements alone, and there are none


@lru_cache(maxsize=None)
def _pattern(content):
    return re.compile(_expression(content))


def _expression(part):
    if isinstance(part, Element):
        inner = re.escape(part.tag + ";")
    elif isinstance(part, Wildcard):
        inner = r"\{(?!%s\})[^}]+\}[^;]+;" % re.escape(part.space) if part.space else "[^;]+;"
    elif isinstance(part, Sequence):
        inner = "".join(_expression(item) for item in part.items)
    else:
        inner = "|".join(_expression(item) for item in part.items)
    return "(?:%s){%d,%s}" % (inner, part.least, "" if part.most is None else part.most)


@lru_cache(maxsize=None)
def _parts(content):
    """The elements by tag, and the wildcard."""
    declared, wildcard = {}, None
    for part in leaves(content):
        if isinstance(part, Element):
            declared[part.tag] = part
        else:
            wildcard = part
    return declared, wildcard


def leaves(content):
    """Elements and wildcards of a content, in order."""
    if content is None:
        return []
    if isinstance(content, (Element, Wildcard)):
        return [content]
    return [leaf for item in content.items for leaf in leaves(item)]


def wildcard_of(type_):
    return _parts(type_.content)[1] if isinstance(type_, Complex) and type_.content else None
