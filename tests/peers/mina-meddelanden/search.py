"""Finds a message by which a faulty schema betrays itself, trying the likely ones first."""

from collections import defaultdict
from itertools import chain

import lxml.etree

from judges import XS, Libxml2, Xmlschema, verdict


class Search:
    """The messages of one service, and the file in which its types begin."""

    def __init__(self, messages, types):
        self.messages = sorted(messages, key=lambda message: (message.again, len(message.xml)))
        self.files = _reached(types, set())
        self.types = types
        self.edited, self.near = defaultdict(list), defaultdict(list)
        for message in self.messages:
            self.edited[message.about[-1]].append(message)
            for name in set(message.about):
                self.near[name].append(message)

    def likely(self, mutant):
        """Messages made from elements near the fault."""
        about = set(mutant.about[:3])
        nearest = [m for name in mutant.about[:1] for m in self.edited[name] if len(about.intersection(m.about)) > 1]
        return dict.fromkeys(chain(
            nearest,
            *(self.edited[name] for name in mutant.about),
            *(self.near[name] for name in mutant.about),
        ))

    def first(self, judge, messages):
        """The first message of which this judge says what it should not."""
        return next((m for m in messages if judge.valid(m.xml) != verdict(judge, m)), None)


def noticed_by(searches, mutant):
    """The message, or what the library said when it refused the schema; None when nothing shows the fault."""
    try:
        judges = [Libxml2(search.types) for search in searches]
    except lxml.etree.XMLSchemaParseError as refusal:
        return str(refusal)
    for search, judge in zip(searches, judges):
        if found := search.first(judge, search.likely(mutant)):
            return found
    for search, judge in zip(searches, judges):
        if found := search.first(judge, search.messages):
            return found
    # What libxml2 cannot see, xmlschema may. It is slow, so it gets what was made for this element alone.
    for search in searches:
        edited = (m for name in mutant.about[:3] for m in search.edited[name] if not m.again)
        if found := search.first(Xmlschema(search.types), edited):
            return found
    return None


def _reached(file, seen):
    """The schema files that a file imports, near and far."""
    if file not in seen:
        seen.add(file)
        for imported in lxml.etree.parse(str(file)).iter(XS + "import"):
            _reached(file.parent / imported.get("schemaLocation"), seen)
    return seen
