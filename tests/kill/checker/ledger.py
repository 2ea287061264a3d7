"""What the town asked and was answered: the truth that the system is held to."""

import json
from dataclasses import dataclass, field
from functools import cached_property


@dataclass
class Answer:
    at: int
    address: str
    code: str
    reason: str
    digest: str
    name: str
    why: str

    @property
    def is_ok(self):
        return self.code == "OK"

    @property
    def is_refusal(self):
        """The system itself said no; anything else leaves the outcome open."""
        open_outcomes = {
            "OK", "UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED", "INTERNAL", "UNKNOWN", "RESOURCE_EXHAUSTED",
        }
        return self.code not in open_outcomes


@dataclass
class Request:
    id: str
    kind: str
    caller: str
    at: int
    details: dict
    answers: list = field(default_factory=list)

    @cached_property
    def ok(self):
        return [answer for answer in self.answers if answer.is_ok]

    @cached_property
    def refusals(self):
        return [answer for answer in self.answers if answer.is_refusal]

    @property
    def is_acknowledged(self):
        return bool(self.ok)

    @property
    def name(self):
        """What the answer was about, e.g. `reports/…`."""
        return self.ok[0].name

    @property
    def resource(self):
        """The UUID in it."""
        return self.name.rpartition("/")[2]


class Ledger:
    def __init__(self, path):
        self.requests = {}
        self.defects = 0
        with path.open() as lines:
            for number, text in enumerate(lines, 1):
                try:
                    line = json.loads(text)
                except json.JSONDecodeError:
                    # Only the last line can be torn, by whoever killed the driver.
                    self.defects += 1
                    continue
                if line["line"] == "intent":
                    request = Request(line["request"], line["kind"], line["caller"], line["at"], line["details"])
                    self.requests[request.id] = request
                else:
                    kept = ("at", "address", "code", "reason", "digest", "name", "why")
                    answer = Answer(**{key: line[key] for key in kept})
                    self.requests[line["request"]].answers.append(answer)

    @property
    def is_of_reporters_only(self):
        """Nobody but reporters did anything: nobody else was answered, and nothing was resolved."""
        return all(request.kind in ("create", "upload", "post", "withdraw") for request in self.requests.values())

    def of(self, *kinds):
        return [request for request in self.requests.values() if request.kind in kinds]
