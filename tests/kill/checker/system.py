"""Everything that the invariants look at, read once."""

import hashlib
from collections import defaultdict
from functools import cached_property

from . import broker
from .calendar_rules import Calendar
from .database import SERVICES, Databases
from .events import Contract
from .ledger import Ledger

#: Which events each service listens to, by the words of services/README.md.
HEARD = {
    "intake": {
        "ReportClassified", "ReviewRequested", "ReportReclassified", "ReportAssigned", "RouteMissing",
        "ReportReturned", "ReportRejected", "ReportHandedBack", "WorkStarted", "ResolutionSubmitted",
        "ReportResolved", "ReportDeferred", "DeadlineApproaching", "DeadlineMissed", "RatingInvited",
        "RatingSubmitted", "ReportReopened", "ReportClosed", "InfoRequested",
    },
    "classification": {
        "ReportSubmitted", "MediaAttached", "ReportHandedBack", "RouteMissing", "InfoProvided", "ReturnContested",
        "ReportWithdrawn", "WorkStarted", "ReportResolved", "ReportReopened",
    },
    "routing": {
        "ReportClassified", "ReportReclassified", "ReviewRequested", "InfoRequested", "ReportWithdrawn", "ReportReopened",
    },
    "satisfaction": {
        "ReportResolved", "ReportDeferred", "ReportReturned", "ReportRejected", "ReportWithdrawn", "ReturnContested",
    },
}
#: Everybody follows a request to send again what the bus has lost.
LISTENS = {service: types | {"RedriveRequested"} for service, types in HEARD.items()}

OUTBOX = "seq event_id:uuid event_type report_id:uuid sequence time cause_id:uuid body:bytes"


class System:
    def __init__(self, site):
        self.site = site
        self.databases = Databases(site)
        self.ledger = Ledger(site.ledger)

    @cached_property
    def contract(self):
        return Contract(self.site.proto)

    @cached_property
    def calendar(self):
        return Calendar(self.site.province)

    def table(self, service, name, columns, tail=""):
        return self.databases.table(service, name, columns, tail)

    # -- intake ------------------------------------------------------------------------------------------------------

    @cached_property
    def reports(self):
        columns = (
            "id:uuid code text latitude longitude publication_consent:bool state create_time update_time leaf "
            "access agency commune_code invitation:uuid last_sequence last_hash:bytes"
        )
        return {row.id: row for row in self.table("intake", "reports", columns)}

    @cached_property
    def reports_by_text(self):
        found = defaultdict(list)
        for report in self.reports.values():
            found[hashlib.sha256(report.text.encode()).hexdigest()].append(report)
        return found

    @cached_property
    def timelines(self):
        """Entries of each report in order."""
        columns = "report_id:uuid sequence event_id:uuid kind state text_vi text_en time hash:bytes"
        found = defaultdict(list)
        for row in self.table("intake", "timeline", columns, "ORDER BY report_id, sequence"):
            found[row.report_id].append(row)
        return found

    @cached_property
    def links(self):
        """Media of each report as its reporter sent them, in order."""
        found = defaultdict(list)
        columns = "media_id:uuid report_id:uuid position evidence:bool"
        for row in self.table("intake", "report_media", columns, "ORDER BY report_id, position"):
            if not row.evidence:
                found[row.report_id].append(row.media_id)
        return found

    @cached_property
    def media(self):
        columns = "id:uuid content_type size sha256:bytes received ready:bool public_copy:bool create_time"
        return {row.id: row for row in self.table("intake", "media", columns)}

    # -- all services ------------------------------------------------------------------------------------------------

    @cached_property
    def requests(self):
        """Stored answers of every service by request id."""
        found = defaultdict(list)
        for service in SERVICES:
            for row in self.table(service, "requests", "request_id:uuid reply:bytes"):
                found[str(row.request_id)].append((service, row.reply))
        return found

    @cached_property
    def published(self):
        """Every event that any service has written, by service."""
        return {service: list(self.table(service, "outbox", OUTBOX, "ORDER BY seq")) for service in SERVICES}

    @cached_property
    def events(self):
        """Every event by id, with its service."""
        return {row.event_id: (service, row) for service, rows in self.published.items() for row in rows}

    @cached_property
    def bodies(self):
        """Bodies of every event about a report, decoded, by id."""
        return {
            event: self.contract.decode(row.event_type, row.body) for event, (_, row) in self.events.items()
        }

    def of_type(self, *types):
        """Events of these types: (row, body)."""
        for event, (_, row) in self.events.items():
            if kind(row) in types:
                yield row, self.bodies[event]

    @cached_property
    def queues(self):
        """Messages waiting in each queue of the bus."""
        if self.site.is_embedded:
            return broker.of_file(self.site.data / "bus.db")
        return broker.of_rabbitmq(self.site.broker)

    # -- classification, routing, satisfaction -----------------------------------------------------------------------

    @cached_property
    def reviews(self):
        return {row.id: row for row in self.table("classification", "reviews", "id:uuid report:uuid state due_time")}

    @cached_property
    def cases(self):
        columns = "report_id:uuid state round hand_backs reopen_round create_time version"
        return {row.report_id: row for row in self.table("routing", "cases", columns)}

    @cached_property
    def assignments(self):
        columns = (
            "id:uuid report_id:uuid agency access round state assign_time due_time accept_time submit_time end_time"
        )
        return {row.id: row for row in self.table("routing", "assignments", columns)}

    @cached_property
    def assignments_of(self):
        found = defaultdict(list)
        for row in sorted(self.assignments.values(), key=lambda row: (row.assign_time, row.id)):
            found[row.report_id].append(row)
        return found

    @cached_property
    def invitations(self):
        columns = (
            "id:uuid report:uuid round ended_as agency leaf commune access close_time close_day respond_due_time "
            "held_micros standing reopened:bool revision verdict first_rating_time"
        )
        return {row.id: row for row in self.table("satisfaction", "invitations", columns)}

    @cached_property
    def ratings(self):
        found = defaultdict(list)
        columns = "invitation:uuid revision verdict reopened:bool create_time"
        for row in self.table("satisfaction", "ratings", columns, "ORDER BY invitation, revision"):
            found[row.invitation].append(row)
        return found


def kind(row):
    """Short type of an event."""
    return row.event_type.rpartition(".")[2]


OPEN_ASSIGNMENT = {"assigned", "in_progress", "pending_approval"}
