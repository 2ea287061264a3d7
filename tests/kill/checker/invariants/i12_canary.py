"""I12: who reported is found nowhere but in the sealed identity: not in logs, tables, events, queues, answers or copies."""

import json
import unicodedata

from ..database import SERVICES
from ..finding import Finding


def check(system):
    finding = Finding("I12", "the reporter's identity is found nowhere")
    needles = _needles(system.site.canary)
    for file in sorted(path for path in system.site.logs.rglob("*") if path.is_file()):
        _search(finding, needles, f"log {file.name}", file.read_bytes())
    for service in SERVICES:
        for table, columns in system.databases.tables(service):
            for row in system.databases.rows(service, f"SELECT * FROM {table}"):
                _search(finding, needles, f"table {table} of {service}", b"\0".join(map(_as_bytes, row)))
    if system.site.is_embedded:
        for file in sorted(system.site.data.glob("*.db*")):
            _search(finding, needles, f"file {file.name}", file.read_bytes())
    _search_media(system, finding, needles)
    answers = 0
    for kind, body in _answers(system.site.answers):
        _search(finding, needles, f"an answer of {kind}", body)
        answers += 1
    finding.check(answers > 0 or system.ledger.is_of_reporters_only, "no answer to anybody but the reporter was kept")
    finding.notes.append(f"{answers} answers to others than the reporter were read")
    return finding


def _needles(canary):
    """The marks as they may stand somewhere: as sent, decomposed, in JSON."""
    needles = set()
    for mark in canary.values():
        for form in (mark, unicodedata.normalize("NFD", mark), json.dumps(mark)[1:-1]):
            needles.add(form.encode())
    return sorted(needles)


def _as_bytes(value):
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    return str(value).encode()


def _search(finding, needles, where, content):
    finding.checked += 1
    for needle in needles:
        if needle in content:
            finding.bad.append(f"{needle.decode()!r} stands in {where}")
            return


def _search_media(system, finding, needles):
    """Public copies only: originals carry what the phone has written."""
    for file in sorted((system.site.media / "copies").glob("*")):
        _search(finding, needles, f"public copy {file.name}", file.read_bytes())


def _answers(path):
    with path.open("rb") as file:
        while head := file.readline():
            kind, _, length = head.decode().rpartition(" ")
            yield kind, file.read(int(length))
