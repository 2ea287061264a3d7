"""I4: the events of a report are numbered without gaps, all were sent, and every listener has heard each of them."""

from collections import defaultdict

from ..finding import Finding
from ..system import LISTENS, kind


def check(system):
    finding = Finding("I4", "events are contiguous, sent, and in the inbox of every listener")
    for service, rows in system.published.items():
        _check_numbers(system, service, rows, finding)
    wanted = defaultdict(set)
    for service, rows in system.published.items():
        waiting = {row.seq for row in system.table(service, "outbox_waiting", "seq")}
        for row in rows:
            finding.check(row.seq not in waiting, f"{service} never sent {kind(row)} {row.event_id}")
            for listener, types in LISTENS.items():
                if kind(row) in types:
                    wanted[listener].add(row.event_id)
    for listener, events in wanted.items():
        inbox = {row.event_id for row in system.table(listener, "inbox", "event_id:uuid")}
        finding.checked += len(events)
        for event in events - inbox:
            _, row = system.events[event]
            finding.bad.append(f"{listener} has never heard of {kind(row)} {event} of reports/{row.report_id}")
        for event in inbox - events:
            finding.bad.append(f"{listener} has heard of {event}, which nobody published")
    return finding


def _check_numbers(system, service, rows, finding):
    numbers = defaultdict(list)
    for row in rows:
        numbers[row.report_id].append(row.sequence)
    last = {row.report_id: row.last for row in system.table(service, "event_sequences", "report_id:uuid last")}
    for report in numbers.keys() | last.keys():
        found = sorted(numbers[report])
        finding.check(
            found == list(range(1, last.get(report, 0) + 1)),
            f"{service} told of reports/{report} with numbers {found}, the last being {last.get(report)}",
        )
