"""What a sender's system does with the client that openapi-python-client made: `client.py TASK`, and what it saw as JSON."""

import json
import ssl
import sys
import time
from io import BytesIO
from pathlib import Path
from uuid import UUID

from kuvert_api import Client
from kuvert_api.api.events import read_events
from kuvert_api.api.letters import find_letter, send_letter, show_letter
from kuvert_api.api.recipients import ask_reachability
from kuvert_api.models import AskReachabilityBody, SendLetterBody
from kuvert_api.types import File, Unset

task = json.loads(Path(sys.argv[1]).read_text())
context = ssl.create_default_context(cafile=task["ca"])
context.load_cert_chain(task["certificate"], task["key"])
client = Client(base_url=task["door"], verify_ssl=context, raise_on_unexpected_status=True)


def file(path, mime_type):
    return File(payload=BytesIO(Path(path).read_bytes()), file_name=Path(path).name, mime_type=mime_type)


def send():
    letter = file(task["letter"], "application/jose+json")
    return send_letter.sync_detailed(
        client=client, body=SendLetterBody(letter=letter, attachment=[file(task["file"], "application/pdf")])
    )


def feed(client):
    events, after = [], Unset()
    while True:
        page = read_events.sync(client=client, after=after) if after else read_events.sync(client=client)
        events += page.events
        if not page.events or after == page.next_:
            return events
        after = page.next_


def accepted(client, letter_id):
    """Events have a place in the feed a moment after they are committed."""
    until = time.monotonic() + 30
    while True:
        found = [event.type_ for event in feed(client) if event.letter_id == letter_id and event.type_ == "accepted"]
        if found or time.monotonic() > until:
            return found
        time.sleep(0.1)


def reached(client):
    question = AskReachabilityBody(sender=task["sender"], recipients=[task["recipient"]])
    return ask_reachability.sync(client=client, body=question).results


def told(value):
    return None if isinstance(value, Unset) else value


answer = send()
letter_id = answer.parsed.letter_id
newer = Client(base_url=task["newer"], raise_on_unexpected_status=True)
page = read_events.sync(client=newer)
status = show_letter.sync(UUID(task["newer_letter"]), client=newer)
new_results = reached(newer)
print(json.dumps({
    "status": int(answer.status_code),
    "again": int(send().status_code),
    "letter_id": str(letter_id),
    "found": str(find_letter.sync(client=client, reference=task["reference"]).letter_id),
    "reachable": reached(client)[0].reachable,
    "events": accepted(client, letter_id),
    "refused": find_letter.sync(client=client, reference="another").code,
    "newer": {
        "types": [event.type_ for event in page.events],
        "why": [told(event.why) for event in page.events],
        "state": status.state,
        "history": [line.type_ for line in status.history],
        "reasons": [told(one.reason) for one in new_results],
        "how": [told(one.how) for one in new_results],
        "code": find_letter.sync(client=newer, reference="r").code,
    },
}))
