"""The Mina Meddelanden contract, described once more, by hand: what each message of each service holds.

Neither set of schemas is read to make this. Each of them is held against it.
"""

from dataclasses import dataclass

from grammar import FOREIGN, Choice, Complex, Element, Sequence, Wildcard
from signature import DECLARED as SIGNATURE_DECLARED
from signature import ID, SIGNATURE
from texts import BASE64, BOOLEAN, DATE, INSTANT, LANGUAGE, MAIL, NAME, ORGANISATION, PARTY, PERSON, PERSON_NUMBER
from texts import STRING, URI, USER, number, one_of, text, uri

PORTS = "http://minameddelanden.gov.se/"
BASE = PORTS + "schema/"
MANY = None


@dataclass(frozen=True)
class Service:
    """One WSDL: its elements by tag, and those that only the official files declare and no operation carries."""

    name: str
    operations: dict
    declared: dict
    unused: frozenset


def record(space, name, *members, attributes=None):
    """A type named `name` whose members are (name, type), (name, type, least), or (name, type, least, most)."""
    space = BASE + space
    items = tuple(m if isinstance(m, (Element, Wildcard)) else _member(space, *m) for m in members)
    return Complex(space, Sequence(items), attributes or {}, name=name)


def _member(space, name, type_, least=1, most=1):
    return Element(name, type_, space, least, most)


# The letter.

SENDER = record("Sender", "Sender", ("Id", PARTY), ("Name", NAME), ("Attention", STRING, 0))
MATTER_IDENTITY = record("OfficialMatter/v3", None, ("EventId", text(0, 255), 0), ("OfficialMatterId", text(0, 255), 0),
                         ("PrecedingEventId", text(0, 255), 0))
STRANGER = Element("stranger", STRING, FOREIGN, 0, MANY)
MATTER_EXTENSION = record(
    "OfficialMatter/v3", "OfficialMatterExtension",
    ("Timestamp", DATE),
    Wildcard(BASE + "OfficialMatter/v3", (STRANGER,)),
    ("Identity", MATTER_IDENTITY, 0),
    ("MatterSubject", text(0, 2000), 0),
    ("EventType", text(0, 2000), 0),
    ("MatterStatus", one_of("senderinitiative", "recipientinitiative", "closed"), 0),
)
MATTER_ELEMENT = Element("OfficialMatterExtension", MATTER_EXTENSION, BASE + "OfficialMatter/v3")
MATTER = Complex(BASE + "Message/v3", Choice((
    Element("OfficialMatterExtension", MATTER_EXTENSION, BASE + "Message/v3"),
    Wildcard(BASE + "Message/v3", (STRANGER, MATTER_ELEMENT)),
)), name="OfficialMatter")

SUPPORT = record("Message/v3", "SupportInfo", ("Text", text(0, 1024)), ("URL", uri(255), 0),
                 ("PhoneNumber", text(0, 255), 0), ("EmailAdress", MAIL, 0))
METADATA = record("Message", "MetaData", ("Tag", STRING), ("Value", STRING))
MESSAGE_HEADER = record(
    "Message/v3", "MessageHeader",
    ("Id", STRING), ("Subject", text(0, 255)), ("Supportinfo", SUPPORT), ("OfficialMatter", MATTER, 0),
    ("Metadata", METADATA, 0, MANY), ("Language", LANGUAGE),
    ("Reply", one_of("REQUESTED", "ACCEPTED", "NOT_ALLOWED"), 0),
    ("ReceiptRequest", one_of("NOT", "SIMPLE", "SIGNED"), 0),
)
BODY = record("Message", "MessageBody", ("ContentType", STRING), ("Body", BASE64))
ATTACHMENT = record("Message", "Attachment", ("ContentType", STRING), ("Body", BASE64), ("Checksum", STRING),
                    ("Filename", STRING))
SECURE_MESSAGE = record("Message/v3", "SecureMessage", ("Header", MESSAGE_HEADER), ("Body", BODY),
                        ("Attachment", ATTACHMENT, 0, MANY))
ROUTE = (("Reference", STRING, 0), ("CorrelationId", STRING, 0), ("Attention", STRING, 0))
SECURE_HEADER = record("Message/v2", "SecureDeliveryHeader", ("Sender", SENDER), ("Recipient", PARTY), *ROUTE)
DELIVERY_HEADER = record("Message", "DeliveryHeader", ("Sender", SENDER), ("Recipient", PARTY, 1, 1000), *ROUTE)
DELIVERY = record("Message/v3", "SecureDelivery", ("Header", SECURE_HEADER), ("Message", SECURE_MESSAGE, 1, MANY))
SIGNED = record("Message/v3", "SignedDelivery", ("Delivery", DELIVERY), SIGNATURE, attributes=ID)
SEAL = record("Message", "Seal", ("ReceivedTime", DATE), ("SignaturesOK", BOOLEAN))
SEALED = record("Message/v3", "SealedDelivery", ("SignedDelivery", SIGNED), ("Seal", SEAL), SIGNATURE, attributes=ID)

# Service.

FORWARD_MESSAGE = record("Message", "ForwardMessage", ("Subject", STRING), ("Body", BODY))
FORWARD = record("Service/v3", "ForwardDelivery", ("Header", DELIVERY_HEADER), ("Message", FORWARD_MESSAGE),
                 ("OrginalDelivery", SEALED), ("MessageIdToForward", STRING, 0))
DELIVERED = record("Service", "DeliveryStatus", ("RecipientId", PARTY), ("Delivered", BOOLEAN))
DELIVERY_RESULT = record("Service", "DeliveryResult", ("TransId", STRING), ("Status", DELIVERED, 1, MANY))

EMAIL_HEADER = record("Notification/v2", None, ("From", MAIL), ("Subject", text(0, 254)))
EMAIL = record("Notification/v2", "EmailMessage", ("header", EMAIL_HEADER), ("text", STRING))
SMS_HEADER = record("Notification/v2", None, ("From", text(0, 11)))
SMS = record("Notification/v2", "SmsMessage", ("header", SMS_HEADER), ("text", text(0, 160)))
NOTICE_MESSAGE = record("Notification/v3", "NotificationMessage", ("header", MESSAGE_HEADER), ("body", BODY))
NOTICE = record("Notification/v3", "NotificationDelivery", ("Header", DELIVERY_HEADER), ("Message", NOTICE_MESSAGE),
                ("EmailMessage", EMAIL, 0), ("SmsMessage", SMS, 0))
NOTICE_OUTCOME = record("Notification/v3", "DeliveryStatus", ("DeliveredFlag", BOOLEAN),
                        ("NotifiedByChannel", one_of("SMS", "EMail"), 0, 2))
NOTICE_STATUS = record("Notification/v3", "NotificationStatus", ("RecipientId", PARTY),
                       ("DeliveryStatus", NOTICE_OUTCOME))
NOTIFY_RESULT = record("Notification/v3", "NotifyResult", ("TransId", STRING), ("Status", NOTICE_STATUS, 1, MANY))

# Faults: the ports of version 3 share one; Authority has one element for each operation, and no code 1.

FAULT = record("Common/v3", "ExceptionInformation", ("ErrorCode", number(1, 9998)), ("Description", STRING),
               ("CallId", text(20, 50)))
OLD_FAULT = record("Common", "ExceptionInformation", ("ErrorCode", number(2, 9998)), ("Description", STRING),
                   ("CallId", text(20, 50)))

# Recipient. Persons have any id here, and twelve digits in Authority.

STATUS = one_of("Complete", "Incomplete", "RulesNotSupported")


def authorization(person):
    return record("Authority", "SignatureAuthorizationResult", ("Id", PARTY, 0), ("SignedBy", person, 0, MANY),
                  ("Status", STATUS, 0), ("Timestamp", INSTANT, 0), ("Text", STRING, 0),
                  ("PossibleSigners", person, 0, MANY))


ANY_PERSON = record("Authority", "Person", ("Id", PERSON), ("Name", STRING))
AUTHORIZATION = authorization(ANY_PERSON)
E_ID_SIGNATURE = record("Common", "SignatureData", ("Signature", BASE64), ("Certificate", STRING), ("Nonce", STRING, 0),
                        ("EncodingOfSignedText", STRING, 0))
SUPPLIER = record("Recipient", "ServiceSupplier", ("Id", ORGANISATION), ("Name", STRING), ("Logo", URI, 0),
                  ("ServiceAdress", URI), ("UIAdress", URI, 0), ("InternalServiceAdress", URI))
ACCOUNT_TYPE = one_of("Secure", "Anonymous", "Not")
ACCOUNT = record("Recipient", "AccountStatus", ("RecipientId", PARTY), ("Type", ACCOUNT_TYPE), ("Pending", BOOLEAN),
                 ("ServiceSupplier", SUPPLIER, 0), ("LastRegistration", INSTANT, 0))
REACHABILITY = record("Recipient", "ReachabilityStatus", ("AccountStatus", ACCOUNT), ("SenderAccepted", BOOLEAN),
                      ("LastSenderAcceptChange", INSTANT, 0))
ACCOUNT_REQUEST = record("Recipient", "AccountRequest", ("Id", PARTY), ("Type", one_of("Create", "Delete")),
                         ("AgreementText", STRING), ("Timestamp", DATE), ("ServiceSupplier", STRING))
PENDING_REQUEST = record("Recipient", "PendingAccountRequest", ("AccountRequest", ACCOUNT_REQUEST),
                         ("SignatureStatus", AUTHORIZATION))
PREFERENCES = record("Recipient", "AccountPreferences", ("Id", PARTY), ("AcceptedSenders", SENDER, 0, MANY))

HOLDER = (("Id", PARTY), ("UserIdentity", USER))
AGREED = (("AgreementText", STRING), ("SignatureData", E_ID_SIGNATURE, 1, MANY))
IDENTITY = record("Recipient/v2", "OrganizationIdentity", *HOLDER)
PENDING_PREFERENCES = record("Recipient/v2", "PendingAccountPreferences", ("AccountPreferences", PREFERENCES),
                             ("PendingSignatures", AUTHORIZATION))
PENDING_CHANGE = record("Recipient/v2", "PendingChangeServiceSupplier", ("serviceSupplier", SUPPLIER, 0),
                        ("pendingSignatures", AUTHORIZATION))
ACCOUNT_INFORMATION = record("Recipient/v2", "AccountInformation", ("AccountStatus", one_of("Active", "Pending")),
                             ("SignedBy", ANY_PERSON, 0, MANY), ("SignatureStatus", STATUS),
                             ("serviceSupplier", STRING), ("AgreementText", STRING, 0))
AUTHORIZED = record("Recipient/v2", "AuthorizedAccount", ("isAccountAuthorizedSigner", BOOLEAN), ("UserIdentity", USER),
                    ("CompanyId", PARTY), ("CompanyName", STRING), ("CompanySignatureRuleText", STRING),
                    ("PossibleSigners", ANY_PERSON, 0, MANY), ("AccountInformation", ACCOUNT_INFORMATION, 0))

# Authority.

SWEDISH_PERSON = record("Authority", "Person", ("Id", PERSON_NUMBER), ("Name", STRING))
SWEDISH_AUTHORIZATION = authorization(SWEDISH_PERSON)
ACTION = one_of("Ownership", "CancelConsent")
ACTIVITY = one_of(
    "View", "ForwardMessage", "InitiateAccountAction", "InitiateConsentReadAction", "InitiateConsentManageAction",
    "InitiateConsentAction", "EditSettings", "EditSettingsFrom", "EditSettingsForward", "EditSettingsContact",
    "EditSettingsConsent", "EditSettingsAddressbook", "EditSettingsInactivate",
)
GRANT = one_of("AuthorizedSignatory", "AuthorizedRole", "ConsentManage", "ConsentReadExtendUnread", "ConsentRead")
RIGHT = record("Authority", "UserAccessRights", ("Id", PARTY), ("OrganizationName", STRING, 0), ("UserIdentity", USER),
               ("GrantedAccess", ACTIVITY, 0, MANY), ("GrantType", GRANT), ("Role", STRING, 0))
PROBLEM = record("Authority", "UserAccessRightsProblem", ("Source", one_of("Bolagsverket")),
                 ("Type", one_of("DataMissing", "DataUncertain", "DataUnexpected", "SourceInaccessible")),
                 ("Description", STRING), ("ObjectId", STRING, 0))
RIGHTS = record("Authority", "UserAccessRightsResult", ("Rights", RIGHT, 0, MANY), ("Problems", PROBLEM, 0, MANY))
DISPATCHER = record("Dispatcher", "Dispatcher", ("Id", ORGANISATION), ("Name", NAME),
                    ("Senders", ORGANISATION, 0, MANY))


def wrapper(space, name, members, inner):
    """The element of a call; its children are in `inner`, or in no namespace."""
    items = tuple(_member(inner, *member) for member in members)
    return Element(name, Complex(space, Sequence(items) if items else None), space)


def calls(space, fault, table, inner=True):
    """Operations: name to (request, response, fault), each an element."""
    return {
        name: (
            wrapper(space, name, request, space if inner else None),
            wrapper(space, name + "Response", response, space if inner else None),
            fault or Element(name + "Fault", OLD_FAULT, space),
        )
        for name, (request, response) in table.items()
    }


FAULT_ELEMENT = Element("applicationFault", FAULT, BASE + "Common/v3")

SERVICE_CALLS = calls(BASE + "Service/v3", FAULT_ELEMENT, {
    "deliverSecure": ([("deliverSecure", SEALED)], [("return", DELIVERY_RESULT)]),
    "deliverForward": ([("forwardMessage", FORWARD)], [("return", DELIVERY_RESULT)]),
    "notify": ([("notify", NOTICE)], [("return", NOTIFY_RESULT)]),
})

RECIPIENT_CALLS = calls(BASE + "Recipient/v3", FAULT_ELEMENT, {
    "isReachable": ([("senderOrgNr", ORGANISATION), ("recipientId", PARTY, 0, 1000)],
                    [("return", REACHABILITY, 0, MANY)]),
    "isRegistered": ([("recipientId", PARTY, 1, MANY)], [("return", ACCOUNT, 1, MANY)]),
    "register": ([("accountRequest", ACCOUNT_REQUEST), ("accountType", ACCOUNT_TYPE),
                  ("signature", E_ID_SIGNATURE, 1, MANY)],
                 [("return", AUTHORIZATION)]),
    "deregister": ([("deregisterAccount", ACCOUNT_REQUEST), ("signature", E_ID_SIGNATURE, 1, MANY)],
                   [("return", AUTHORIZATION)]),
    "getPendingAccountRequest": ([("recipientId", PARTY, 0, MANY), ("userIdentity", USER)],
                                 [("return", PENDING_REQUEST, 0, MANY)]),
    "deletePendingAccountRequest": ([("recipientId", PARTY), ("userIdentity", USER)], []),
    "getAccountPreferences": ([("RecipientId", PARTY), ("UserIdentity", USER)], [("return", PREFERENCES)]),
}) | calls(BASE + "Recipient/v2", FAULT_ELEMENT, {
    "storeAccountPreferences": ([*HOLDER, ("preferences", PREFERENCES), *AGREED], [("return", AUTHORIZATION)]),
    "getPendingAccountPreferences": (HOLDER, [("return", PENDING_PREFERENCES)]),
    "deletePendingAccountPreferences": ([("organizationIdentity", IDENTITY)], [("return", IDENTITY)]),
    "changeServiceSupplier": ([*HOLDER, ("ServiceSupplier", STRING), *AGREED],
                              [("signatureAuthorizationResult", AUTHORIZATION)]),
    "getPendingChangeServiceSupplier": (HOLDER, [("return", PENDING_CHANGE)]),
    "deletePendingChangeServiceSupplier": ([("organizationIdentity", IDENTITY)], [("serviceSupplier", SUPPLIER)]),
    "isAuthorizedSigner": ([("CompanyId", PARTY), ("UserIdentity", USER)], [("return", AUTHORIZED)]),
})

AUTHORITY_CALLS = calls(PORTS + "Authority", None, {
    "getSenders": ([], [("return", SENDER, 0, MANY)]),
    "getDispatchers": ([], [("return", DISPATCHER, 0, MANY)]),
    "isSenderAccepted": ([("arg0", PARTY)], [("return", BOOLEAN)]),
    "getUserAccessRights": ([("arg0", USER)], [("return", RIGHTS)]),
    "getUserAccessRightsNoConcent": ([("arg0", USER)], [("return", RIGHTS)]),
    "testNewSigner": ([("arg0", PARTY), ("arg1", SWEDISH_PERSON, 0, MANY), ("arg2", PERSON_NUMBER, 0),
                       ("arg3", ACTION)],
                      [("return", SWEDISH_AUTHORIZATION)]),
    "verifyAuthorizedSignatures": ([("arg0", PARTY), ("arg1", E_ID_SIGNATURE, 1, MANY), ("arg2", BASE64),
                                    ("arg3", ACTION)],
                                   [("return", SWEDISH_AUTHORIZATION)]),
}, inner=False)


def service(name, operations, others=(), unused=()):
    declared = {element.tag: element for call in operations.values() for element in call}
    declared.update((element.tag, element) for element in others)
    tags = ("{%s%s}%s" % (BASE, space, local) for space, names in unused for local in names.split())
    return Service(name, operations, declared, frozenset(tags))


SERVICES = (
    service("service", SERVICE_CALLS, (MATTER_ELEMENT, *SIGNATURE_DECLARED), (
        ("Service/v2", "deliverSecure notify"),
        ("Message/v2", "distributeSecure"),
        ("Message/v3", "distributeSecure distributeSecureResponse checkDistributionStatus "
         "checkDistributionStatusResponse"),
        ("Notification/v2", "distributeRequest NotificationMessage EmailMessage SmsMessage"),
        ("Notification/v3", "distribute distributeResponse checkDistributionStatus checkDistributionStatusResponse"),
    )),
    service("recipient", RECIPIENT_CALLS, (), (
        ("Recipient/v2", "Id CompanyId UserIdentity getPendingAccountPreferencesFault "
         "deletePendingAccountPreferencesFault getPendingChangeServiceSupplierFault "
         "deletePendingChangeServiceSupplierFault isAuthorizedSignerFault"),
    )),
    service("authority", AUTHORITY_CALLS),
)
