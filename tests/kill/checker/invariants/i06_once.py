"""I6: an event has its effect once: whatever was delivered twice is told once."""

from collections import Counter

from ..finding import Finding
from ..system import kind

#: What one event may cause at most once.
ONCE = {
    "ReportClassified", "ReportReclassified", "ReviewRequested", "ReportAssigned", "ReportReturned",
    "ReportRejected", "RatingInvited", "RouteMissing",
}


def check(system):
    finding = Finding("I6", "no event has an effect twice")
    ids = Counter(row.event_id for rows in system.published.values() for row in rows)
    effects = Counter(
        (row.cause_id, kind(row))
        for rows in system.published.values()
        for row in rows
        if row.cause_id is not None and kind(row) in ONCE
    )
    told = Counter(entry.event_id for entries in system.timelines.values() for entry in entries)
    finding.checked += len(ids) + len(effects) + len(told)
    finding.bad.extend(f"event {event} was written {count} times" for event, count in ids.items() if count > 1)
    finding.bad.extend(
        f"event {cause} has caused {count} times {what}" for (cause, what), count in effects.items() if count > 1
    )
    finding.bad.extend(f"event {event} stands {count} times on timelines" for event, count in told.items() if count > 1)
    causes = {row.cause_id for rows in system.published.values() for row in rows if row.cause_id is not None}
    for cause in causes:
        finding.check(cause in system.events, f"event {cause} is a cause that nobody published")
    return finding
