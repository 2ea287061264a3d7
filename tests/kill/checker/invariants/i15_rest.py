"""I15: when all is done nothing is left over: no event under way, none given up, no transaction open, no memory lost."""

import json

from ..database import SERVICES
from ..finding import Finding

#: More than any service may hold (reliability goal G13), and more files than any needs at rest.
RESIDENT_MB, FILES = 256, 512


def check(system):
    finding = Finding("I15", "nothing is left over: queues, retries, transactions, memory, files")
    databases = system.databases
    for service in SERVICES:
        for what, table, condition in (
            ("unsent events", "outbox_waiting", "1 = 1"), ("events to retry", "retries", "parked_time IS NULL"),
            ("parked events", "retries", "parked_time IS NOT NULL"),
        ):
            left = databases.count(service, table, condition)
            finding.check(left == 0, f"{service} has {left} {what}")
    held = databases.count("intake", "held_events")
    finding.check(held == 0, f"{held} events wait for their predecessors")
    if not system.site.is_embedded:
        sql = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
        idle = next(iter(databases.rows("intake", sql)))[0]
        finding.check(idle == 0, f"{idle} sessions are idle in a transaction")
    for process in json.loads((system.site.folder / "resources.json").read_text()):
        finding.check(
            process["resident_mb"] <= RESIDENT_MB and process["files"] <= FILES,
            f"{process['name']} holds {process['resident_mb']} MB and {process['files']} files",
        )
    for queue, ready in system.queues.items():
        finding.check(ready == 0, f"{ready} messages are left in {queue}")
    return finding
