"""What is still under way: asked again and again until nothing is."""

from .database import SERVICES
from .system import LISTENS


def open_work(system):
    """Words for everything that is not done yet; empty when all is."""
    databases, open_ = system.databases, []
    for service in SERVICES:
        for what, table, condition in (
            ("unsent", "outbox_waiting", "1 = 1"), ("to retry", "retries", "parked_time IS NULL"),
        ):
            count = databases.count(service, table, condition)
            if count:
                open_.append(f"{service}: {count} events {what}")
    held = databases.count("intake", "held_events")
    if held:
        open_.append(f"intake: {held} events held")
    open_.extend(f"{queue}: {count} messages" for queue, count in system.queues.items() if count)
    for listener, count in _unheard(databases).items():
        open_.append(f"{listener}: {count} events not heard")
    return open_


def _unheard(databases):
    """How many events each service has still to hear; negative never, as inboxes hold nothing but events."""
    published = {}
    for service in SERVICES:
        sql = "SELECT event_type, count(*) FROM outbox GROUP BY event_type"
        for event_type, count in databases.rows(service, sql):
            published[event_type.rpartition(".")[2]] = published.get(event_type.rpartition(".")[2], 0) + count
    unheard = {}
    for listener, types in LISTENS.items():
        wanted = sum(count for event, count in published.items() if event in types)
        missing = wanted - databases.count(listener, "inbox")
        if missing > 0:
            unheard[listener] = missing
    return unheard
