"""Two independent libraries, libxml2 (through lxml) and xmlschema, each with either set of schemas."""

import re
import shutil
from pathlib import Path

import lxml.etree
import xmlschema

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
OURS = ROOT / "crates/mina-meddelanden/wsdl"
REFERENCE = ROOT.parent / "shared/reference/mina-meddelanden"

XS = "{http://www.w3.org/2001/XMLSchema}"
OFFICIAL_WSDL = {"service": "Service.wsdl", "recipient": "Recipient.wsdl", "authority": "authority/Authority.wsdl"}


def lay_out_ours(folder):
    """Our files as files: what the server answers to `v3?xsd=NAME` is beside the rest, as NAME.xsd."""
    folder.mkdir()
    for file in sorted(OURS.glob("*.xsd")) + sorted(OURS.glob("*.wsdl")):
        (folder / file.name).write_text(as_files(file.read_text("utf-8")), "utf-8")
    return {name: types_of(folder / (name + ".wsdl")) for name in OFFICIAL_WSDL}


def as_files(text):
    return re.sub(r'schemaLocation="(?:v3|Authority)\?xsd=([a-z0-9-]+)"', r'schemaLocation="\1.xsd"', text)


def lay_out_official(folder):
    shutil.copytree(REFERENCE / "wsdl", folder)
    return {name: types_of(folder / file) for name, file in OFFICIAL_WSDL.items()}


def types_of(wsdl):
    """The schema that stands in a WSDL, as a file beside it."""
    tree = lxml.etree.parse(str(wsdl))
    (schema,) = tree.iter(XS + "schema")
    file = wsdl.with_name("types-of-%s.xsd" % wsdl.stem.lower())
    lxml.etree.ElementTree(schema).write(str(file), encoding="UTF-8", xml_declaration=True)
    return file


# What a library says that is not so, of whatever schema: (library, what it should say, label of the message, why).
QUIRKS = [
    ("libxml2", False,
     r"/OfficialMatter: (\{(?!\S*/Message/v3\})\S+ at 0|OfficialMatterExtension: in \{.*/Message/v3\})$",
     "takes any number of strangers, or one extension, for any number of strangers, then one extension"),
    ("libxml2", False, r": 'åäöå'$", "overlooks letters outside ASCII in base64"),
    ("libxml2", True, r": '(\\n)? 2026-03-01(T10:11:12)? '$", "does not drop blanks before a date"),
    ("xmlschema", False, r"(: |=)'(##|%zz)'$", "takes any text for a URI"),
]


def verdict(judge, message):
    """What this library should say of a message, as far as it can."""
    return message.valid != bool(quirks(judge, message))


def quirks(judge, message):
    mine = (quirk for quirk in QUIRKS if quirk[0] == judge.name and quirk[1] == message.valid)
    return [quirk for quirk in mine if re.search(quirk[2], message.label)]


class Libxml2:
    name = "libxml2"

    def __init__(self, file):
        self.schema = lxml.etree.XMLSchema(lxml.etree.parse(str(file)))

    def valid(self, xml):
        return self.schema.validate(lxml.etree.fromstring(xml))


class Xmlschema:
    name = "xmlschema"

    def __init__(self, file):
        self.schema = xmlschema.XMLSchema10(str(file), allow="all", use_fallback=False)

    def valid(self, xml):
        try:
            return self.schema.is_valid(xml, use_defaults=False)
        except xmlschema.exceptions.XMLSchemaKeyError:  # xsi:type names a type that is nowhere
            return False
