"""XML Signature, described: which elements and attributes a ds:Signature may have."""

from grammar import FOREIGN, Attribute, Choice, Complex, Element, Sequence, Wildcard
from texts import BASE64, IDENTIFIER, INTEGER, STRING, URI

DS = "http://www.w3.org/2000/09/xmldsig#"
ID = {"Id": Attribute(IDENTIFIER)}

STRANGER = Element("stranger", STRING, FOREIGN, 0, None)


def e(name, type_, least=1, most=1):
    return Element(name, type_, DS, least, most)


def again(element, least=1, most=1):
    """The same element, as often as this place allows."""
    return Element(element.name, element.type, element.space, least, most)


def sequence(*items, **occurs):
    return Sequence(items, **occurs)


def typed(content, attributes=None, mixed=False):
    return Complex(DS, content, attributes or {}, mixed)


def other(samples=(STRANGER,), **more):
    return Wildcard(DS, samples, **more)


def algorithm(content):
    return typed(content, {"Algorithm": Attribute(URI, required=True)}, mixed=True)


KEY_NAME = e("KeyName", STRING)
MGMT_DATA = e("MgmtData", STRING)
DIGEST_VALUE = e("DigestValue", BASE64)
SIGNATURE_VALUE = e("SignatureValue", Complex(DS, attributes=ID, text=BASE64))

DIGEST_METHOD = e("DigestMethod", algorithm(sequence(other())))
TRANSFORM = e("Transform", algorithm(Choice((other(least=1, most=1), e("XPath", STRING)), 0, None)))
TRANSFORMS = e("Transforms", typed(sequence(again(TRANSFORM, 1, None))))

REFERENCE = e("Reference", typed(
    sequence(again(TRANSFORMS, 0), DIGEST_METHOD, DIGEST_VALUE),
    {**ID, "URI": Attribute(URI), "Type": Attribute(URI)},
))

# These two take declared elements alone: anything else is refused, InclusiveNamespaces too.
CANONICALIZATION_METHOD = e("CanonicalizationMethod", algorithm(
    sequence(Wildcard("", (again(KEY_NAME, 0, None),), lax=False)),
))
SIGNATURE_METHOD = e("SignatureMethod", algorithm(
    sequence(e("HMACOutputLength", INTEGER, 0), other((), lax=False)),
))

SIGNED_INFO = e("SignedInfo", typed(
    sequence(CANONICALIZATION_METHOD, SIGNATURE_METHOD, again(REFERENCE, 1, None)), ID,
))

RSA_KEY_VALUE = e("RSAKeyValue", typed(sequence(e("Modulus", BASE64), e("Exponent", BASE64))))
DSA_KEY_VALUE = e("DSAKeyValue", typed(sequence(
    sequence(e("P", BASE64), e("Q", BASE64), least=0),
    e("G", BASE64, 0),
    e("Y", BASE64),
    e("J", BASE64, 0),
    sequence(e("Seed", BASE64), e("PgenCounter", BASE64), least=0),
)))
KEY_VALUE = e("KeyValue", typed(Choice((DSA_KEY_VALUE, RSA_KEY_VALUE, other(least=1, most=1))), mixed=True))

RETRIEVAL_METHOD = e("RetrievalMethod", typed(
    sequence(again(TRANSFORMS, 0)), {"URI": Attribute(URI), "Type": Attribute(URI)},
))

X509_DATA = e("X509Data", typed(Choice((
    e("X509SubjectName", STRING),
    e("X509Certificate", BASE64),
    e("X509IssuerSerial", typed(sequence(e("X509IssuerName", STRING), e("X509SerialNumber", INTEGER)))),
    e("X509SKI", BASE64),
    e("X509CRL", BASE64),
    other(least=1, most=1),
), 1, None)))

PGP_DATA = e("PGPData", typed(Choice((
    sequence(e("PGPKeyID", BASE64), e("PGPKeyPacket", BASE64, 0), other()),
    sequence(e("PGPKeyPacket", BASE64), other()),
))))

SPKI_DATA = e("SPKIData", typed(sequence(e("SPKISexp", BASE64), other(most=1), most=None)))

KEY_INFO = e("KeyInfo", typed(Choice((
    KEY_NAME, X509_DATA, KEY_VALUE, RETRIEVAL_METHOD, PGP_DATA, SPKI_DATA, MGMT_DATA, other(least=1, most=1),
), 1, None), ID, mixed=True))

MANIFEST = e("Manifest", typed(sequence(again(REFERENCE, 1, None)), ID))
SIGNATURE_PROPERTY = e("SignatureProperty", typed(
    sequence(other(least=1)), {"Target": Attribute(URI, required=True), **ID}, mixed=True,
))
SIGNATURE_PROPERTIES = e("SignatureProperties", typed(sequence(again(SIGNATURE_PROPERTY, 1, None)), ID))

OBJECT = e("Object", typed(
    sequence(Wildcard("", (MANIFEST, SIGNATURE_PROPERTIES, STRANGER))),
    {**ID, "MimeType": Attribute(STRING), "Encoding": Attribute(URI)},
    mixed=True,
))

SIGNATURE = e("Signature", typed(
    sequence(SIGNED_INFO, SIGNATURE_VALUE, again(KEY_INFO, 0), again(OBJECT, 0, None)), ID,
))

# What a wildcard knows again wherever it meets it.
DECLARED = (
    SIGNATURE, SIGNED_INFO, SIGNATURE_VALUE, CANONICALIZATION_METHOD, SIGNATURE_METHOD, REFERENCE, TRANSFORMS,
    TRANSFORM, DIGEST_METHOD, DIGEST_VALUE, KEY_INFO, KEY_NAME, MGMT_DATA, KEY_VALUE, RSA_KEY_VALUE, DSA_KEY_VALUE,
    RETRIEVAL_METHOD, X509_DATA, PGP_DATA, SPKI_DATA, OBJECT, MANIFEST, SIGNATURE_PROPERTIES, SIGNATURE_PROPERTY,
)
