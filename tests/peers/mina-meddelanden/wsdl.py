"""What a WSDL says, whatever its layout: the facts that a client goes by."""

import lxml.etree

WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
SOAP = "{http://schemas.xmlsoap.org/wsdl/soap/}"
WAYS = (WSDL + "input", WSDL + "output", WSDL + "fault")


def facts(tree):
    """Service, port, binding and port type by name; for each operation its elements and how they are bound."""
    root = tree.getroot()
    space = root.get("targetNamespace")
    messages = {message.get("name"): message for message in root.findall(WSDL + "message")}
    (service,) = root.findall(WSDL + "service")
    (port,) = service.findall(WSDL + "port")
    (binding,) = _named(root, "binding", _own(port, port.get("binding"), space))
    (port_type,) = _named(root, "portType", _own(binding, binding.get("type"), space))
    (soap,) = binding.findall(SOAP + "binding")
    bound = {operation.get("name"): operation for operation in binding.findall(WSDL + "operation")}
    operations = {operation.get("name"): operation for operation in port_type.findall(WSDL + "operation")}
    if bound.keys() != operations.keys():
        raise ValueError("the binding has other operations than the port type")
    return {
        "service": "{%s}%s" % (space, service.get("name")),
        "port": port.get("name"),
        "binding": binding.get("name"),
        "port type": port_type.get("name"),
        "transport": soap.get("transport"),
        "style": soap.get("style"),
        "addresses": len(port.findall(SOAP + "address")),
        "operations": {
            name: {"elements": _elements(operation, messages, space), "binding": _binding(bound[name])}
            for name, operation in operations.items()
        },
    }


def _elements(operation, messages, space):
    """What goes in, out, and wrong: the part's name and the element in it."""
    found = {}
    for way in operation.iterchildren(*WAYS):
        parts = messages[_own(way, way.get("message"), space)].findall(WSDL + "part")
        found[way.tag[len(WSDL):], way.get("name")] = [(p.get("name"), _tag(p, p.get("element"))) for p in parts]
    return found


def _binding(operation):
    (soap,) = operation.findall(SOAP + "operation")
    found = {"soapAction": soap.get("soapAction"), "style": soap.get("style")}
    for way in operation.iterchildren(*WAYS):
        found[way.tag[len(WSDL):], way.get("name")] = [(part.tag, dict(part.attrib)) for part in way]
    return found


def faults(tree):
    """The same WSDL, each time with one attribute changed; without what says nothing to a client of the facts."""
    elements = [e for e in tree.getroot().iter("*") if not _is_beside(e)]
    for element in elements:
        for name in element.attrib:
            value = element.get(name)
            element.set(name, value + "x")
            yield "%s %s=%r" % (element.tag, name, value)
            element.set(name, value)


def _is_beside(element):
    """The types are judged by messages; the address is the server's to say; the name of it all is nobody's."""
    within = [element.tag, *(step.tag for step in element.iterancestors())]
    beside = (WSDL + "types", WSDL + "documentation", SOAP + "address")
    return element.tag == WSDL + "definitions" or any(tag in beside for tag in within)


def _named(root, kind, name):
    return [element for element in root.findall(WSDL + kind) if element.get("name") == name]


def _tag(element, name):
    prefix, _, local = name.rpartition(":")
    return "{%s}%s" % (element.nsmap[prefix or None], local)


def _own(element, name, space):
    """The local name of something that this very WSDL must define."""
    tag = lxml.etree.QName(_tag(element, name))
    if tag.namespace != space:
        raise ValueError("%s is in another namespace" % name)
    return tag.localname
