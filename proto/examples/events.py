#!/usr/bin/env python3
"""Prints the events of the field-report system as they happen, one a line, until Ctrl-C.

    pip install pika grpcio-tools
    python3 proto/examples/events.py --url amqp://user:password@host:5672/vhost --bind 'routing.*'

It needs nothing of the system but the .proto files of this folder. What a subscriber has to know is in ../asyncapi.yaml.
"""

import argparse
import base64
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import grpc
import pika
from google.protobuf import descriptor_pool, json_format, message_factory
from google.protobuf.message import DecodeError
from pika import exceptions

PROTO = Path(__file__).resolve().parents[1]
ATTRIBUTE_PREFIXES = ("cloudEvents_", "cloudEvents:")
PREFETCH = 100
REMEMBERED = 100_000
LONGEST_PAUSE_SECONDS = 10
#: How soon a signal is noticed while nothing comes.
LOOK_UP_SECONDS = 0.25
# By AMQP's reply codes: what trying again cannot mend.
ACCESS_REFUSED, NOT_FOUND, RESOURCE_LOCKED, PRECONDITION_FAILED = 403, 404, 405, 406


def main() -> None:
    options = read_options()
    broker = options.url
    where = f"{broker.host}:{broker.port}, virtual host {broker.virtual_host}"
    sys.stdout.reconfigure(encoding="utf-8")
    sys.path.insert(0, str(PROTO))
    for file in PROTO.glob("fieldreport/event/*/*.proto"):
        grpc.protos(str(file.relative_to(PROTO)))

    printer = Printer(options)
    # Not an exception, which could be raised, and lost, anywhere inside the AMQP library.
    for asked in (signal.SIGINT, signal.SIGTERM):
        signal.signal(asked, lambda *_: printer.stop())
    pause = 0.0
    while not printer.is_done():
        try:
            with pika.BlockingConnection(broker) as connection:
                channel = connection.channel()
                queue = subscribe(channel, options)
                pause = 0.0
                follow(channel, queue, printer)
        except (exceptions.ProbableAuthenticationError, exceptions.ProbableAccessDeniedError):
            sys.exit(f"{where}: the broker refuses this account; ask the operator for name, password and virtual host")
        except (exceptions.AMQPError, OSError) as error:
            pause = min(LONGEST_PAUSE_SECONDS, max(0.5, pause * 2))
            wait = pause * random.uniform(0.5, 1)
            missed = "" if options.queue else "; what is published meanwhile is missed (--queue keeps it)"
            note(f"no connection to {where}: {error!r}; trying again in {wait:.1f} s{missed}")
            begin = time.monotonic()
            while time.monotonic() - begin < wait and not printer.is_done():
                time.sleep(LOOK_UP_SECONDS)


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--url", type=pika.URLParameters, default=os.environ.get("AMQP_URL"), help="of the broker; default: $AMQP_URL"
    )
    parser.add_argument("--exchange", default="fieldreport.events", help="default: %(default)s")
    parser.add_argument(
        "--bind",
        action="append",
        metavar="KEY",
        help="which events, e.g. routing.ReportAssigned or 'routing.*'; may be repeated; default: # (all)",
    )
    parser.add_argument(
        "--queue",
        metavar="NAME",
        help="a durable queue, which goes on collecting events while nobody reads, and keeps its bindings, until you "
        "delete it; default: a queue that ends with the connection",
    )
    parser.add_argument("--count", type=int, metavar="N", help="end after N events")
    parser.add_argument("--json", action="store_true", help="each event in CloudEvents' JSON format")
    options = parser.parse_args()
    if not options.url:
        parser.error("--url is missing")
    if options.count is not None and options.count < 1:
        parser.error("--count begins at 1")
    return options


def subscribe(channel, options) -> str:
    """Declares our queue and binds it. The exchange is the system's: it is looked for, never declared."""
    keys = options.bind or ["#"]
    try:
        channel.exchange_declare(options.exchange, passive=True)
    except exceptions.ChannelClosedByBroker as error:
        if error.reply_code != NOT_FOUND:
            raise
        sys.exit(f"there is no exchange {options.exchange} in this virtual host: the system has never run here")
    try:
        if options.queue:
            # Without a limit of its own RabbitMQ 4 drops a message after 20 deliveries.
            arguments = {"x-queue-type": "quorum", "x-delivery-limit": 1000}
            channel.queue_declare(options.queue, durable=True, arguments=arguments)
            queue = options.queue
        else:
            queue = channel.queue_declare("", exclusive=True).method.queue
        for key in keys:
            channel.queue_bind(queue, options.exchange, key)
    except exceptions.ChannelClosedByBroker as error:
        if error.reply_code not in (ACCESS_REFUSED, RESOURCE_LOCKED, PRECONDITION_FAILED):
            raise
        sys.exit(f"the broker refuses our queue: {error.reply_text}")
    channel.basic_qos(prefetch_count=min(PREFETCH, options.count or PREFETCH))
    note(f"subscribed: {queue} is bound to {options.exchange} with {' '.join(keys)}")
    return queue


def follow(channel, queue: str, printer: "Printer") -> None:
    """Acknowledges each event after its effect, here the printed line, so that a crash between loses none."""
    for method, properties, body in channel.consume(queue, inactivity_timeout=LOOK_UP_SECONDS):
        if method:
            printer.print(cloud_event(properties, body))
            channel.basic_ack(method.delivery_tag)
        if printer.is_done():
            return
    raise exceptions.ConsumerCancelled("the queue was deleted")


def cloud_event(properties: pika.BasicProperties, body: bytes) -> dict:
    """The message in CloudEvents' JSON format. What cannot be decoded, such as a type newer than our .proto files, is
    shown as it came."""
    event = {}
    for name, value in (properties.headers or {}).items():
        if name.startswith(ATTRIBUTE_PREFIXES):
            event[name[len(ATTRIBUTE_PREFIXES[0]) :]] = str(value)
        elif name == "traceparent":
            event[name] = str(value)
    try:
        descriptor = descriptor_pool.Default().FindMessageTypeByName(event.get("type", ""))
        message = message_factory.GetMessageClass(descriptor).FromString(body)
    except (KeyError, DecodeError):
        event["datacontenttype"] = properties.content_type
        event["data_base64"] = base64.b64encode(body).decode()
    else:
        event["datacontenttype"] = "application/json"
        event["data"] = json_format.MessageToDict(message, preserving_proto_field_name=True)
    return event


class Printer:
    """Prints every event once, however often it comes, and counts.

    A subscriber with lasting effects keeps the identities in its database, in the transaction of the effect: these here
    are forgotten when the program ends.
    """

    def __init__(self, options) -> None:
        self.json = options.json
        self.left = options.count
        self.printed = {}

    def stop(self) -> None:
        self.left = 0

    def is_done(self) -> bool:
        return self.left == 0

    def print(self, event: dict) -> None:
        identity = (event.get("source"), event.get("id"))
        if identity in self.printed:
            note(f"came again: {identity[0]} {identity[1]}")
            return
        try:
            print(json.dumps(event, ensure_ascii=False) if self.json else line(event), flush=True)
        except BrokenPipeError:
            # Whoever read our lines has gone. Python would complain once more when it flushes at the end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(0)
        if None not in identity:
            self.printed[identity] = None
        if len(self.printed) > REMEMBERED:
            del self.printed[next(iter(self.printed))]
        if self.left:
            self.left -= 1


def line(event: dict) -> str:
    """Time, source, type, report, sequence, body."""
    attributes = [event.get(name, "-") for name in ("time", "source", "type", "subject", "sequence")]
    body = json.dumps(event["data"], ensure_ascii=False) if "data" in event else f"base64:{event['data_base64']}"
    words = " ".join([*attributes, body])
    # Nothing that came over the wire can begin another line or command the terminal.
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in words)


def note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
