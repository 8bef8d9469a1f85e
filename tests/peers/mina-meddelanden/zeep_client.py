"""An agency's client in Python: zeep speaks SOAP as our WSDL says, xmlsec (libxmlsec1) signs and seals.

Reads one JSON object on standard input and writes one on standard output. Nothing in it is Kuvert's.
"""

import base64
import hashlib
import json
import sys

import requests
import xmlsec
import zeep
from lxml import etree
from zeep.transports import Transport

B = "http://minameddelanden.gov.se/schema/"
M1, M2, M3 = B + "Message", B + "Message/v2", B + "Message/v3"
SENDER, SERVICE = B + "Sender", B + "Service/v3"
DS = "http://www.w3.org/2000/09/xmldsig#"


def element(parent, namespace, name, text=None):
    """An element in a default namespace: what is signed has no prefixes."""
    tag = f"{{{namespace}}}{name}"
    made = etree.Element(tag, nsmap={None: namespace}) if parent is None else etree.SubElement(
        parent, tag, nsmap={None: namespace}
    )
    made.text = text
    return made


def signed_delivery(ask):
    root = element(None, M3, "SignedDelivery")
    delivery = element(root, M3, "Delivery")
    header = element(delivery, M3, "Header")
    sender = element(header, M2, "Sender")
    element(sender, SENDER, "Id", ask["sender"])
    element(sender, SENDER, "Name", "Ett annat namn än registrets")
    element(header, M2, "Recipient", ask["recipient"])
    message = element(delivery, M3, "Message")
    head = element(message, M3, "Header")
    element(head, M3, "Id", ask["id"])
    element(head, M3, "Subject", ask["subject"])
    support = element(head, M3, "Supportinfo")
    element(support, M3, "Text", "Kontakta växeln.")
    element(head, M3, "Language", "svSE")
    body = element(message, M3, "Body")
    element(body, M1, "ContentType", "text/plain")
    element(body, M1, "Body", base64.b64encode(ask["text"].encode()).decode())
    for name, content in ask.get("files", {}).items():
        raw = base64.b64decode(content)
        file = element(message, M3, "Attachment")
        element(file, M1, "ContentType", "application/pdf")
        element(file, M1, "Body", content)
        element(file, M1, "Checksum", hashlib.md5(raw).hexdigest().upper())
        element(file, M1, "Filename", name)
    return root


def sign(root, certificate, key):
    """An enveloped signature as last child, by libxmlsec1."""
    signature = xmlsec.template.create(root, xmlsec.Transform.EXCL_C14N, xmlsec.Transform.RSA_SHA256)
    root.append(signature)
    reference = xmlsec.template.add_reference(signature, xmlsec.Transform.SHA256, uri="")
    xmlsec.template.add_transform(reference, xmlsec.Transform.ENVELOPED)
    info = xmlsec.template.ensure_key_info(signature)
    data = xmlsec.template.add_x509_data(info)
    xmlsec.template.x509_data_add_certificate(data)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_file(key, xmlsec.KeyFormat.PEM)
    context.key.load_cert_from_file(certificate, xmlsec.KeyFormat.PEM)
    # zeep writes elements without what stands between them: line breaks would be gone from under the signature.
    unbroken(signature)
    context.sign(signature)
    for part in signature[1:]:
        unbroken(part)
        part.tail = None
    return root


def unbroken(part):
    """Without blank text, and base64 in one piece, as zeep writes it."""
    for node in part.iter():
        node.text = None if len(node) or not node.text else "".join(node.text.split())
        if node is not part:
            node.tail = None


def sealed(signed, ask):
    root = element(None, M3, "SealedDelivery")
    root.append(signed)
    seal = element(root, M3, "Seal")
    element(seal, M1, "ReceivedTime", ask["date"])
    element(seal, M1, "SignaturesOK", "true")
    # Signed as a document of its own, read anew from its bytes.
    root = etree.fromstring(etree.tostring(root))
    return sign(root, ask["certificate"], ask["key"])


def forward(ask, original):
    """As an operator hands over what one of its people got."""
    return {
        "Header": {"Sender": {"Id": ask["recipient"], "Name": ask["name"]}, "Recipient": ask["to"]},
        "Message": {"Subject": "Från zeep", "Body": {"ContentType": "text/plain", "Body": ask["words"].encode()}},
        "OrginalDelivery": original,
    }


def signed_as_document(root, ask):
    return sign(etree.fromstring(etree.tostring(root)), ask["certificate"], ask["key"])


def notified(client, ask):
    """Words for e-mail and SMS, written by zeep from our WSDL alone."""
    words = ask["notify"]
    delivery = {
        "Header": {"Sender": {"Id": ask["sender"], "Name": "Exempelkommunen"}, "Recipient": words["recipients"]},
        "Message": {
            "header": {
                "Id": words["id"],
                "Subject": words["subject"],
                "Supportinfo": {"Text": "Kontakta växeln."},
                "Language": "svSE",
            },
            "body": {"ContentType": "text/plain", "Body": words["text"].encode()},
        },
        "EmailMessage": {
            "header": {"From": "vatten@example.com", "Subject": words["subject"]},
            "text": words["text"],
        },
        "SmsMessage": {"header": {"From": "Kommunen"}, "text": words["text"]},
    }
    try:
        result = client.service.notify(notify=delivery)
    except zeep.exceptions.Fault as fault:
        return {"fault": told(fault)}
    status = [
        {"id": one.RecipientId, "told": one.DeliveryStatus.DeliveredFlag, "by": one.DeliveryStatus.NotifiedByChannel}
        for one in result.Status
    ]
    return {"transaction": result.TransId, "status": status}


def told(fault):
    detail = {node.tag.split("}")[1]: node.text for node in fault.detail.iter() if not len(node)}
    return {"code": fault.code, "text": fault.message, **detail}


def main():
    ask = json.load(sys.stdin)
    session = requests.Session()
    session.trust_env = False
    session.cert = (ask["certificate"], ask["key"])
    session.verify = ask["ca"]
    transport = Transport(session=session, timeout=30)
    answer = {}
    if "reachable" in ask:
        client = zeep.Client(ask["door"] + "/Recipient/v3?wsdl", transport=transport)
        found = client.service.isReachable(senderOrgNr=ask["sender"], recipientId=ask["reachable"])
        answer["reachable"] = [
            {
                "id": one.AccountStatus.RecipientId,
                "type": one.AccountStatus.Type,
                "accepted": one.SenderAccepted,
                "address": one.AccountStatus.ServiceSupplier and one.AccountStatus.ServiceSupplier.ServiceAdress,
            }
            for one in found
        ]
        authority = zeep.Client(ask["door"] + "/Authority?wsdl", transport=transport)
        answer["senders"] = [one.Id for one in authority.service.getSenders()]
        answer["dispatchers"] = {one.Id: one.Senders for one in authority.service.getDispatchers()}
    if "notify" in ask:
        answer = notified(zeep.Client(ask["door"] + "/Service/v3?wsdl", transport=transport), ask)
    if "id" in ask:
        client = zeep.Client(ask["door"] + "/Service/v3?wsdl", transport=transport)
        delivery = sealed(signed_as_document(signed_delivery(ask), ask), ask)
        if ask.get("tamper"):
            subject = next(delivery.iter(f"{{{M3}}}Subject"))
            subject.text += "!"
        kind = client.get_type(f"{{{M3}}}SealedDelivery")
        value = kind.parse_xmlelement(delivery, client.wsdl.types)
        try:
            if "to" in ask:
                result = client.service.deliverForward(forwardMessage=forward(ask, value))
            else:
                result = client.service.deliverSecure(deliverSecure=value)
            answer["transaction"] = result.TransId
            answer["status"] = [{"id": one.RecipientId, "delivered": one.Delivered} for one in result.Status]
        except zeep.exceptions.Fault as fault:
            answer["fault"] = told(fault)
    json.dump(answer, sys.stdout)


main()
