"""What no service can read, put into its queue by somebody outside; and a queue as it must not be.

Usage: bad_messages.py --url URL send QUEUE       prints the id of each message and what is wrong with it, as JSON
       bad_messages.py --url URL classic QUEUE    declares QUEUE as a classic queue
"""

import argparse
import datetime
import json
import uuid

import pika

REPORT = "reports/01a20000-0000-7000-8000-000000000001"
V1, V2 = "fieldreport.event.v1.ReportSubmitted", "fieldreport.event.v2.ReportSubmitted"
#: What is wrong, type, body.
BAD = [
    ("bad bytes", V1, b"\xff\xff"),
    ("unknown type", "fieldreport.event.v1.ReportTeleported", b""),
    ("unknown version", V2, b""),
    ("64 KiB + 1", V1, bytes(64 * 1024 + 1)),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("action", choices=["send", "classic"])
    parser.add_argument("queue")
    options = parser.parse_args()
    connection = pika.BlockingConnection(pika.URLParameters(options.url))
    channel = connection.channel()
    if options.action == "classic":
        channel.queue_declare(options.queue, durable=True)
    else:
        channel.confirm_delivery()
        print(json.dumps({send(channel, options.queue, *bad): bad[0] for bad in BAD}))
    connection.close()


def send(channel, queue: str, _: str, event_type: str, body: bytes) -> str:
    """Straight into the queue: what has an unknown type would reach it in no other way."""
    time, event = datetime.datetime.now(datetime.UTC), str(uuid.uuid4())
    attributes = {
        "specversion": "1.0",
        "id": event,
        "source": "fieldreport/intake",
        "type": event_type,
        "time": time.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "subject": REPORT,
        "sequence": "1",
        "dataschema": f"type.googleapis.com/{event_type}",
    }
    properties = pika.BasicProperties(
        content_type="application/protobuf",
        message_id=event,
        delivery_mode=2,
        timestamp=int(time.timestamp()),
        type=event_type,
        app_id="fieldreport",
        headers={f"cloudEvents_{name}": value for name, value in attributes.items()},
    )
    channel.basic_publish("", queue, body, properties, mandatory=True)
    return event


if __name__ == "__main__":
    main()
