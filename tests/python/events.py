"""Messages are as proto/asyncapi.yaml says, and an outsider's program, proto/examples/events.py, shows them.

Usage: events.py [--url URL]                                the test publishes, on an exchange of its own
       events.py [--url URL] --expect A,B,… -- COMMAND…     the system publishes while COMMAND makes it work; ends when
                                                            events A, B, … have come, and all that came was right

URL of a RabbitMQ broker; default: $FIELDREPORT_TEST_RABBITMQ
"""

import argparse
import base64
import collections
import contextlib
import dataclasses
import datetime
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path

import fastjsonschema
import grpc
import pika
import yaml
from google.protobuf import json_format

ROOT = Path(__file__).resolve().parents[2]
PROTO = ROOT / "proto"
EXAMPLE = PROTO / "examples/events.py"
PATIENCE_SECONDS = 60
REPORT = "reports/01a20000-0000-7000-8000-000000000001"
BEGINNING = datetime.datetime(2026, 11, 21, 4, 20, tzinfo=datetime.UTC)

sys.path.insert(0, str(PROTO))
messages = grpc.protos("fieldreport/event/v1/event.proto")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default=os.environ.get("FIELDREPORT_TEST_RABBITMQ"))
    parser.add_argument("--exchange", default="fieldreport.events")
    parser.add_argument("--expect", type=lambda names: set(names.split(",")))
    parser.add_argument("command", nargs="*")
    options = parser.parse_args()
    if not options.url or bool(options.expect) != bool(options.command):
        parser.error("--url is missing, or one of --expect and COMMAND")
    contract = Contract(yaml.safe_load((PROTO / "asyncapi.yaml").read_text(encoding="utf-8")))
    with tempfile.TemporaryDirectory() as folder, contextlib.closing(Broker(options.url, Path(folder))) as broker:
        if options.command:
            shown = the_system_keeps_the_contract(broker, contract, options)
            print(f"events of the system: {shown} shown as published, as asyncapi.yaml says")
            return
        test_publishes(broker, contract)
    print("events: every event, duplicates, strangers, lasting queues, broken connections; as asyncapi.yaml says")


def test_publishes(broker: "Broker", contract: "Contract") -> None:
    exchange = f"test-{uuid.uuid4()}.events"
    a_missing_exchange_is_explained(broker, exchange)
    a_refused_account_is_explained(broker, exchange)
    broker.channel.exchange_declare(exchange, "topic", durable=True)
    try:
        events = frozen_events(contract)
        the_contract_refuses_what_is_wrong(contract, events[0])
        every_event_is_shown_once(broker, contract, exchange, events)
        strangers_are_shown_as_they_came(broker, exchange, events)
        a_lasting_queue_loses_nothing(broker, exchange, events)
        a_killed_subscriber_loses_nothing(broker, exchange)
        a_broken_connection_is_mended(broker, exchange, events)
        a_refused_queue_is_explained(broker, exchange)
    finally:
        broker.channel.exchange_delete(exchange)


# What is published


@dataclasses.dataclass
class Event:
    """An event as the system publishes it."""

    service: str
    name: str
    sequence: int
    body: bytes
    id: str = dataclasses.field(default_factory=lambda: str(uuid.uuid4()))
    cause: str | None = None

    @property
    def type(self) -> str:
        return f"fieldreport.event.v1.{self.name}"

    @property
    def routing_key(self) -> str:
        return f"{self.service}.{self.name}"

    @property
    def time(self) -> datetime.datetime:
        return BEGINNING + datetime.timedelta(seconds=self.sequence, microseconds=123_456)

    def attributes(self) -> dict[str, str]:
        attributes = {
            "specversion": "1.0",
            "id": self.id,
            "source": f"fieldreport/{self.service}",
            "type": self.type,
            "time": self.time.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "subject": REPORT,
            "sequence": str(self.sequence),
            "dataschema": f"type.googleapis.com/{self.type}",
        }
        return attributes | ({"causationid": self.cause} if self.cause else {})

    def headers(self) -> dict:
        headers = {f"cloudEvents_{name}": value for name, value in self.attributes().items()}
        return headers | {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}

    def properties(self, **changes) -> pika.BasicProperties:
        properties = {
            "content_type": "application/protobuf",
            "message_id": self.id,
            "delivery_mode": 2,
            "timestamp": int(self.time.timestamp()),
            "type": self.type,
            "app_id": "fieldreport",
            "headers": self.headers(),
        }
        return pika.BasicProperties(**properties | changes)


def frozen_events(contract: "Contract") -> list[Event]:
    """One event of every type, each caused by the one before it."""
    events, counts = [], collections.Counter()
    for name, channel in contract.channels.items():
        service = channel["address"].split(".")[0]
        counts[service] += 1
        body = (PROTO / f"tests/frozen/{name}.v1.bin").read_bytes()
        cause = events[-1].id if events else None
        events.append(Event(service, name, counts[service], body, cause=cause))
    return events


class Contract:
    """What asyncapi.yaml says of a message."""

    def __init__(self, document) -> None:
        self.channels = document["channels"]
        common = document["components"]["messageTraits"]["cloudEvent"]["headers"]
        self.check_headers = {}
        for name, channel in self.channels.items():
            own = channel["messages"][name]["headers"]["properties"]
            properties = {key: {**schema, **own.get(key, {})} for key, schema in common["properties"].items()}
            self.check_headers[channel["address"]] = fastjsonschema.compile(common | {"properties": properties})

    def check(self, routing_key: str, properties: pika.BasicProperties, body: bytes) -> None:
        """Fails unless a message is as promised."""
        assert routing_key in self.check_headers, f"no channel has the routing key {routing_key}"
        headers = properties.headers or {}
        try:
            self.check_headers[routing_key](headers)
        except fastjsonschema.JsonSchemaException as error:
            raise AssertionError(f"{routing_key}: {error.message}: {headers}") from error
        time = datetime.datetime.fromisoformat(headers["cloudEvents_time"])
        promised = {
            "content_type": "application/protobuf",
            "message_id": headers["cloudEvents_id"],
            "type": headers["cloudEvents_type"],
            "timestamp": int(time.timestamp()),
            "app_id": "fieldreport",
            "delivery_mode": 2,
        }
        found = {name: getattr(properties, name) for name in promised}
        assert found == promised, f"{routing_key}: {found} instead of {promised}"
        assert len(body) <= 64 * 1024, f"{routing_key}: {len(body)} bytes"
        report = decode(routing_key, body).report
        name = report if isinstance(report, str) else report.report
        assert name == headers["cloudEvents_subject"], f"{routing_key}: {name} in the body of {headers}"


def decode(routing_key: str, body: bytes):
    return getattr(messages, routing_key.split(".")[1]).FromString(body)


def as_json(routing_key: str, body: bytes) -> dict:
    return json_format.MessageToDict(decode(routing_key, body), preserving_proto_field_name=True)


# Broker, outsider, network


class Broker:
    """A connection to RabbitMQ, and a place for the output of programs that use it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.parameters = pika.URLParameters(url)
        self.folder = folder
        self.connection = pika.BlockingConnection(self.parameters)
        self.channel = self.connection.channel()
        self.channel.confirm_delivery()

    def close(self) -> None:
        self.connection.close()

    def publish(self, exchange: str, events: list[Event], **changes) -> None:
        """Persistent, confirmed, and into at least one queue, or it fails."""
        for event in events:
            properties = event.properties(**changes)
            self.channel.basic_publish(exchange, event.routing_key, event.body, properties, mandatory=True)

    @contextlib.contextmanager
    def witness(self, exchange: str):
        """Answers a function that fetches, as they came, all messages on the exchange from now on."""
        queue = self.channel.queue_declare("", exclusive=True).method.queue
        self.channel.queue_bind(queue, exchange, "#")
        seen = []

        def fetch():
            while True:
                method, properties, body = self.channel.basic_get(queue, auto_ack=True)
                if method is None:
                    return seen
                seen.append((method.routing_key, properties, body))

        yield fetch
        self.channel.queue_delete(queue)

    def count(self, queue: str) -> int:
        return self.channel.queue_declare(queue, passive=True).method.message_count


class Outsider:
    """The example, running."""

    def __init__(self, broker: Broker, *arguments: str, url: str | None = None, stdout: int | None = None) -> None:
        base = broker.folder / str(uuid.uuid4())
        self.lines, self.notes = base.with_suffix(".out"), base.with_suffix(".err")
        command = [sys.executable, str(EXAMPLE), "--url", url or broker.url, *arguments]
        # Whether lines come at once must not depend on it.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
        with self.lines.open("w") as lines, self.notes.open("w") as notes:
            self.process = subprocess.Popen(command, stdout=stdout or lines, stderr=notes, env=environment)

    def __enter__(self) -> "Outsider":
        self.wait_for("subscription", lambda: self.said().count("subscribed:") == 1)
        return self

    def __exit__(self, kind, *_) -> None:
        if kind is None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            status = self.process.wait(PATIENCE_SECONDS)
            assert status == 0 and "Traceback" not in self.said(), f"no clean end, {status}:\n{self.said()}"
        if kind is not None:
            print(f"{self.said()}\nit showed\n{self.lines.read_text()}", file=sys.stderr)
        self.process.kill()
        self.process.wait()

    def said(self) -> str:
        return self.notes.read_text()

    def shown(self) -> list[str]:
        """Whole lines only."""
        return self.lines.read_text(encoding="utf-8").split("\n")[:-1]

    def events(self) -> list[dict]:
        return [json.loads(line) for line in self.shown()]

    def wait_for(self, what, look):
        def look_while_it_runs():
            found = look()
            assert found or self.process.poll() is None, f"it has ended: {self.said()}"
            return found

        return wait_for(what, look_while_it_runs)

    def wait_for_lines(self, count: int) -> None:
        self.wait_for(f"{count} lines", lambda: len(self.shown()) >= count)

    def end(self) -> tuple[int, str]:
        """Exit code and what was said, of one that ends by itself."""
        status = self.process.wait(PATIENCE_SECONDS)
        assert "Traceback" not in self.said(), self.said()
        return status, self.said()


class Proxy:
    """A network to the broker that can be cut."""

    def __init__(self, parameters: pika.ConnectionParameters) -> None:
        self.target = (parameters.host, parameters.port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.open = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                far = socket.create_connection(self.target)
                self.open += [near, far]
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=self.carry, args=ends, daemon=True).start()

    @staticmethod
    def carry(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)

    def cut(self) -> None:
        for end in self.open:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self.open = []

    def close(self) -> None:
        self.listener.close()
        self.cut()


def wait_for(what, look):
    """Polls until `look` answers something; for states, never for time."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"not within {PATIENCE_SECONDS} s: {what() if callable(what) else what}")


def cloud_event(event: Event, **changes) -> dict:
    """As the example shows it with --json."""
    data = {"datacontenttype": "application/json", "data": as_json(event.routing_key, event.body)}
    return event.attributes() | {"traceparent": event.headers()["traceparent"]} | data | changes


# What must hold


def the_contract_refuses_what_is_wrong(contract: Contract, event: Event) -> None:
    contract.check(event.routing_key, event.properties(), event.body)
    headers = event.headers()
    wrong = {
        "routing key": ("routing.ReportSubmitted", event.properties(), event.body),
        "content type": (event.routing_key, event.properties(content_type="text/plain"), event.body),
        "message id": (event.routing_key, event.properties(message_id=str(uuid.uuid4())), event.body),
        "transient": (event.routing_key, event.properties(delivery_mode=1), event.body),
        "timestamp": (event.routing_key, event.properties(timestamp=1), event.body),
        "app id": (event.routing_key, event.properties(app_id=None), event.body),
        "too large": (event.routing_key, event.properties(), event.body + b"\x00" * 64 * 1024),
        "other report": (event.routing_key, event.properties(), b""),
    }
    for name in ("id", "source", "type", "time", "subject", "sequence", "dataschema", "specversion"):
        key = f"cloudEvents_{name}"
        rest = {each: value for each, value in headers.items() if each != key}
        wrong[f"without {name}"] = (event.routing_key, event.properties(headers=rest), event.body)
        for value in ("x", 1):
            changed = event.properties(headers=headers | {key: value})
            wrong[f"{name} {value!r}"] = (event.routing_key, changed, event.body)
    for what, message in wrong.items():
        try:
            contract.check(*message)
        except AssertionError:
            continue
        raise AssertionError(f"accepted: {what}")


def every_event_is_shown_once(broker: Broker, contract: Contract, exchange: str, events: list[Event]) -> None:
    with (
        broker.witness(exchange) as fetch,
        Outsider(broker, "--exchange", exchange, "--json") as everything,
        Outsider(broker, "--exchange", exchange, "--bind", "routing.*", "--bind", "intake.MediaAttached") as some,
    ):
        # Backwards, and all of them twice.
        broker.publish(exchange, events[::-1])
        broker.publish(exchange, events)
        body = messages.RouteMissing(report=REPORT, reason="tận cùng").SerializeToString()
        last = Event("routing", "RouteMissing", 99, body)
        broker.publish(exchange, [last])

        everything.wait_for_lines(len(events) + 1)
        assert everything.events() == [cloud_event(event) for event in [*events[::-1], last]]
        assert everything.said().count("came again:") == len(events)

        wanted = [each for each in events if each.service == "routing" or each.name == "MediaAttached"]
        some.wait_for_lines(len(wanted) + 1)
        begin = [" ".join(line.split(" ")[:5]) for line in some.shown()]
        names = ("time", "source", "type", "subject", "sequence")
        assert begin == [" ".join(each.attributes()[name] for name in names) for each in [*wanted[::-1], last]]
        assert some.shown()[-1].endswith(f'{REPORT} 99 {{"report": "{REPORT}", "reason": "tận cùng"}}')

        seen = fetch()
        assert len(seen) == 2 * len(events) + 1
        for message in seen:
            contract.check(*message)
    resolved = next(each for each in everything.events() if each["type"].endswith(".ReportResolved"))
    assert resolved["data"]["reply"] == "Đã sửa xong." and resolved["data"]["closing"]["access"] == "ACCESS_ORDINARY"


def strangers_are_shown_as_they_came(broker: Broker, exchange: str, events: list[Event]) -> None:
    known = events[0]
    newer = Event("routing", "ReportTeleported", 7, b"\x0a\x01x")
    broken = Event("intake", "MediaAttached", 8, b"\xff")
    colons = Event(known.service, known.name, 9, known.body)
    nothing = Event("other", "Thing", 1, b"\x00")
    nasty = messages.MessagePosted(report=REPORT, text="một\ndòng \x1b[2J\u2028\x9b").SerializeToString()
    posted = Event("intake", "MessagePosted", 10, nasty)

    def undecoded(event: Event) -> dict:
        whole = cloud_event(known) | event.attributes()
        del whole["data"]
        body = base64.b64encode(event.body).decode()
        return whole | {"datacontenttype": "application/protobuf", "data_base64": body}

    with (
        Outsider(broker, "--exchange", exchange, "--json") as machine,
        Outsider(broker, "--exchange", exchange) as person,
    ):
        extra = {"x-number": 5, "x-table": {"a": [True, None]}, "cloudEvents_tomorrow": "new", "x-death": [{"count": 1}]}
        broker.publish(exchange, [known], headers=known.headers() | extra)
        broker.publish(exchange, [newer, broken])
        headers = {name.replace("cloudEvents_", "cloudEvents:"): text for name, text in colons.headers().items()}
        broker.publish(exchange, [colons], headers=headers)
        broker.publish(exchange, [nothing], headers=None, content_type=None)
        broker.publish(exchange, [posted])
        machine.wait_for_lines(6)
        person.wait_for_lines(6)
        assert machine.events() == [
            cloud_event(known, tomorrow="new"),
            undecoded(newer),
            undecoded(broken),
            cloud_event(colons),
            {"datacontenttype": None, "data_base64": "AA=="},
            cloud_event(posted),
        ]
        lines = person.shown()
        assert lines[1].endswith(" fieldreport.event.v1.ReportTeleported " + REPORT + " 7 base64:CgF4"), lines[1]
        assert lines[4] == "- - - - - base64:AA==", lines[4]
        assert len(lines) == 6 and all(line.isprintable() for line in lines), lines
        assert "Traceback" not in machine.said() + person.said()


def a_lasting_queue_loses_nothing(broker: Broker, exchange: str, events: list[Event]) -> None:
    queue = f"{exchange}.lasting"
    arguments = ("--exchange", exchange, "--queue", queue, "--json")
    try:
        with Outsider(broker, *arguments, "--count", "1") as first:
            broker.publish(exchange, events[:1])
            assert first.end()[0] == 0
        broker.publish(exchange, events[1:8])
        shown = first.events()
        for count in (3, 4):
            with Outsider(broker, *arguments, "--count", str(count)) as later:
                assert later.end()[0] == 0
            assert len(later.shown()) == count
            shown += later.events()
        # In any order: what was taken and not shown goes back into the queue.
        by_id = sorted(shown, key=lambda event: event["id"])
        assert by_id == sorted(map(cloud_event, events[:8]), key=lambda event: event["id"])
        assert broker.count(queue) == 0, "what was shown is still in the queue"
    finally:
        broker.channel.queue_delete(queue)


def a_killed_subscriber_loses_nothing(broker: Broker, exchange: str) -> None:
    """It is killed in the midst of printing, where it stands because nobody reads its lines any more."""
    queue = f"{exchange}.killed"
    # More than a pipe holds, fewer than it takes at once.
    body = messages.MessagePosted(report=REPORT, text="a" * 4000).SerializeToString()
    events = [Event("intake", "MessagePosted", number, body) for number in range(1, 51)]
    arguments = ("--exchange", exchange, "--queue", queue, "--json")
    end, stdout = os.pipe()
    try:
        with os.fdopen(end, "rb") as pipe, Outsider(broker, *arguments, stdout=stdout) as killed:
            os.close(stdout)
            broker.publish(exchange, events)
            wait_for("it has taken all", lambda: broker.count(queue) == 0)
            read = [pipe.readline()]
            killed.process.kill()
            killed.process.wait()
            read += pipe.readlines()
        shown = {json.loads(line)["id"] for line in read if line.endswith(b"\n")}
        assert 0 < len(shown) < len(events)
        with Outsider(broker, *arguments) as other:
            wanted = {event.id for event in events}
            other.wait_for("the rest", lambda: shown | {event["id"] for event in other.events()} == wanted)
    finally:
        broker.channel.queue_delete(queue)


def a_broken_connection_is_mended(broker: Broker, exchange: str, events: list[Event]) -> None:
    queue = f"{exchange}.mended"
    user, host = broker.url.rsplit("@", 1)
    with contextlib.closing(Proxy(broker.parameters)) as proxy:
        _, slash, vhost = host.partition("/")
        url = f"{user}@127.0.0.1:{proxy.port}{slash}{vhost}"
        try:
            with Outsider(broker, "--exchange", exchange, "--queue", queue, "--json", url=url) as outsider:
                for turn in (0, 1):
                    broker.publish(exchange, [events[turn]])
                    outsider.wait_for_lines(turn + 1)
                    proxy.cut()
                    said = "trying again in"
                    outsider.wait_for("the break is told", lambda: outsider.said().count(said) > turn)  # noqa: B023
                broker.publish(exchange, [events[2]])
                outsider.wait_for_lines(3)
                assert outsider.events() == [cloud_event(event) for event in events[:3]]
                assert outsider.said().count("subscribed:") == 3
        finally:
            broker.channel.queue_delete(queue)


def a_missing_exchange_is_explained(broker: Broker, exchange: str) -> None:
    status, said = Outsider(broker, "--exchange", exchange).end()
    assert status == 1 and f"there is no exchange {exchange}" in said, (status, said)


def a_refused_account_is_explained(broker: Broker, exchange: str) -> None:
    host = broker.url.rsplit("@", 1)[1]
    status, said = Outsider(broker, "--exchange", exchange, url=f"amqp://nobody:wrong-{uuid.uuid4()}@{host}").end()
    assert status == 1 and "refuses this account" in said and "wrong-" not in said, (status, said)


def a_refused_queue_is_explained(broker: Broker, exchange: str) -> None:
    queue = f"{exchange}.classic"
    broker.channel.queue_declare(queue, durable=True)
    try:
        status, said = Outsider(broker, "--exchange", exchange, "--queue", queue).end()
        assert status == 1 and "the broker refuses our queue: PRECONDITION_FAILED" in said, (status, said)
    finally:
        broker.channel.queue_delete(queue)


def the_system_keeps_the_contract(broker: Broker, contract: Contract, options) -> int:
    expected = {f"fieldreport.event.v1.{name}" for name in options.expect}
    right = []
    with (
        broker.witness(options.exchange) as fetch,
        Outsider(broker, "--exchange", options.exchange, "--json") as outsider,
    ):

        def lacking() -> str:
            seen = fetch()
            for message in seen[len(right) :]:
                contract.check(*message)
                right.append(message)
            missing = expected - {properties.type for _, properties, _ in seen}
            unseen = set(published(seen)) - {(event["source"], event["id"]) for event in outsider.events()}
            holes = gaps(seen)
            return f"missing: {missing}; not shown: {unseen}; gaps: {holes}" if missing or unseen or holes else ""

        subprocess.run(options.command, check=True)
        outsider.wait_for(lacking, lambda: not lacking())
        shown = {(event["source"], event["id"]): event["data"] for event in outsider.events()}
        for identity, (routing_key, body) in published(right).items():
            assert shown[identity] == as_json(routing_key, body), f"{routing_key} {identity}"
        return len(shown)


def published(seen) -> dict:
    """Routing key and body by identity."""
    return {
        (properties.headers["cloudEvents_source"], properties.headers["cloudEvents_id"]): (routing_key, body)
        for routing_key, properties, body in seen
    }


def gaps(seen) -> list:
    """Sequences that are not whole, of reports whose first event came."""
    numbers = collections.defaultdict(set)
    for _, properties, _ in seen:
        headers = properties.headers
        numbers[headers["cloudEvents_subject"], headers["cloudEvents_source"]].add(int(headers["cloudEvents_sequence"]))
    begun = {report for (report, source), found in numbers.items() if source == "fieldreport/intake" and 1 in found}
    return [
        (report, source, sorted(found))
        for (report, source), found in numbers.items()
        if report in begun and found != set(range(1, len(found) + 1))
    ]


if __name__ == "__main__":
    main()
