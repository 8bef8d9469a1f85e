"""Messages that others sent, as bodies that a schema can judge."""

import copy

import lxml.etree

from contract import BASE
from served import ENVELOPE

LETTER = "{%sMessage/v3}" % BASE
CALL = "{%sService/v3}deliverSecure" % BASE


def bodies(folder):
    """(file name, body) of every XML file: what is in the SOAP body, in a fault's detail, or, bare, in a call."""
    files = sorted(folder.rglob("*.xml"))
    whole = {file: lxml.etree.parse(str(file)).getroot() for file in files}
    sealed = next(root for root in whole.values() if root.tag == LETTER + "SealedDelivery")
    for file, root in whole.items():
        if root.tag == ENVELOPE + "Envelope":
            (element,) = [child for child in root.find(ENVELOPE + "Body") if isinstance(child.tag, str)]
            if element.tag == ENVELOPE + "Fault":
                (element,) = element.find("detail")
        elif root.tag == LETTER + "SealedDelivery":
            element = in_a_call(root)
        else:  # a signed letter that nobody has sealed yet
            element = copy.deepcopy(sealed)
            element.replace(element.find(LETTER + "SignedDelivery"), copy.deepcopy(root))
            element = in_a_call(element)
        yield file.name, lxml.etree.tostring(element)


def in_a_call(sealed):
    call = lxml.etree.Element(CALL)
    call.append(copy.deepcopy(sealed))
    call[0].tag = CALL
    return call
