"""Our files over HTTP, as the service answers for them, and a service behind them that answers each call."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urljoin, urlsplit

import lxml.etree

from judges import OURS, XS

PATHS = {"service": "/anywhere/Service/v3", "recipient": "/anywhere/Recipient/v3", "authority": "/anywhere/Authority"}
ENVELOPE = "{http://schemas.xmlsoap.org/soap/envelope/}"


class House:
    """`answer` is given the element that came in and gives the element that goes out, and whether it is a fault."""

    def __init__(self, answer=None):
        self.answer = answer
        self.asked = []  # the SOAPAction and the element of each call
        house = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                found = document(self.path, house.address)
                self._send(404 if found is None else 200, found or b"")

            def do_POST(self):
                envelope = lxml.etree.fromstring(self.rfile.read(int(self.headers["Content-Length"])))
                (element,) = envelope.find(ENVELOPE + "Body")
                house.asked.append((self.headers["SOAPAction"], element))
                out, failed = house.answer(element)
                self._send(500 if failed else 200, enveloped(out, failed))

            def _send(self, status, body):
                self.send_response(status)
                self.send_header("Content-Type", "text/xml; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = "http://127.0.0.1:%d" % self.server.server_port

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def wsdl(self, name):
        return self.address + PATHS[name] + "?wsdl"


def document(path, address):
    """What GET answers: a WSDL with its address, a schema unchanged, or None."""
    path, _, query = path.partition("?")
    for name, own in PATHS.items():
        if path == own and query == "wsdl":
            return (OURS / (name + ".wsdl")).read_text("utf-8").replace("{address}", address + path).encode()
        if path == own and query.startswith("xsd="):
            file = OURS / (query[len("xsd="):] + ".xsd")
            return file.read_bytes() if file.parent == OURS and file.is_file() else None
    return None


def enveloped(element, failed):
    envelope = lxml.etree.Element(ENVELOPE + "Envelope")
    body = lxml.etree.SubElement(envelope, ENVELOPE + "Body")
    if failed:
        body = lxml.etree.SubElement(body, ENVELOPE + "Fault")
        lxml.etree.SubElement(body, "faultcode").text = "soap:Server"
        lxml.etree.SubElement(body, "faultstring").text = "refused"
        body = lxml.etree.SubElement(body, "detail")
    body.append(element)
    return lxml.etree.tostring(envelope)


def reached(name, resolve):
    """The documents that a client comes by when it follows every import, by address, with their target namespaces."""
    found, waiting = {}, ["http://host" + PATHS[name] + "?wsdl"]
    while waiting:
        address = waiting.pop()
        if address in found:
            continue
        parts = urlsplit(address)
        text = document("%s?%s" % (parts.path, parts.query), "http://host")
        if text is None:
            raise LookupError("nothing is served at " + address)
        root = lxml.etree.fromstring(text)
        found[address] = root.get("targetNamespace")
        waiting += [resolve(address, one.get("schemaLocation")) for one in root.iter(XS + "import")]
    return found


def by_rfc_3986(base, relative):
    return urljoin(base, relative)


def by_rfc_2396(base, relative):
    """As java.net.URL does it: before a bare query the last part of the path is dropped."""
    if relative.startswith("?"):
        return base.partition("?")[0].rpartition("/")[0] + "/" + relative
    return urljoin(base, relative)
