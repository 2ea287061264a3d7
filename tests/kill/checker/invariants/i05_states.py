"""I5: what the events tell and what the tables hold is the same story, both ways; and every acknowledged command is in it."""

from ..finding import Finding
from ..system import kind

#: The state of a report after an event; events that are not listed leave it as it is.
AFTER = {
    "ReviewRequested": "under_review", "RouteMissing": "under_review", "ReportAssigned": "assigned",
    "ReportReturned": "returned", "ReportRejected": "rejected", "ReportHandedBack": "handed_back",
    "WorkStarted": "in_progress", "ResolutionSubmitted": "pending_approval", "ReportResolved": "resolved",
    "ReportDeferred": "answered_deferred", "ReportReopened": "reopened", "ReportClosed": "closed",
    "ReportWithdrawn": "withdrawn", "ReportSubmitted": "submitted",
    "InfoRequested": "awaiting_info", "InfoProvided": "under_review", "ReturnContested": "under_review",
}
#: A report is closed only after one of these; what was taken up again meanwhile is not over.
ENDS = {"resolved", "answered_deferred", "returned", "rejected", "merged", "closed"}
#: Events that are about no report.
SILENT = {"RedriveRequested"}


def check(system):
    finding = Finding("I5", "events, tables and acknowledged commands tell the same story")
    _check_timelines(system, finding)
    _check_assignments(system, finding)
    _check_triage(system, finding)
    _check_ratings(system, finding)
    _check_commands(system, finding)
    return finding


def _check_timelines(system, finding):
    told = set()
    for report, entries in system.timelines.items():
        state = None
        for entry in entries:
            told.add(entry.event_id)
            found = system.events.get(entry.event_id)
            if found is None or kind(found[1]) != entry.kind or found[1].report_id != report:
                finding.check(False, f"entry {entry.sequence} of reports/{report} ({entry.kind}) has no such event")
                continue
            if state != "withdrawn" and (entry.kind != "ReportClosed" or state in ENDS):
                state = AFTER.get(entry.kind, state)
            finding.check(
                entry.state == state,
                f"entry {entry.sequence} of reports/{report} says {entry.state} after {entry.kind}, events say {state}",
            )
        stored = system.reports.get(report)
        finding.check(
            stored is not None and stored.state == state,
            f"reports/{report} is {stored and stored.state}, its events say {state}",
        )
    for event, (service, row) in system.events.items():
        if event not in told and kind(row) not in SILENT:
            finding.check(False, f"{kind(row)} {event} of {service} is on no timeline (reports/{row.report_id})")


def _check_assignments(system, finding):
    told = {}
    for row, body in system.of_type("ReportAssigned"):
        name = body.assignment.rpartition("/")[2]
        finding.check(name not in told, f"assignments/{name} was told of twice")
        told[name] = body
    stored = {str(row.id): row for row in system.assignments.values()}
    for name in told.keys() ^ stored.keys():
        finding.check(False, f"assignments/{name} is {'only told of' if name in told else 'never told of'}")
    steps = {
        "WorkStarted": lambda row: row.accept_time is not None,
        "ResolutionSubmitted": lambda row: row.submit_time is not None,
        "ReportHandedBack": lambda row: row.state == "handed_back",
        "ReportResolved": lambda row: row.state == "resolved",
        "ReportDeferred": lambda row: row.state == "deferred",
    }
    for step, happened in steps.items():
        events = {body.assignment.rpartition("/")[2] for _, body in system.of_type(step)}
        rows = {name for name, row in stored.items() if happened(row)}
        finding.checked += len(events | rows)
        for name in events ^ rows:
            finding.bad.append(f"{step} of assignments/{name}: {'told' if name in events else 'stored'} only")


def _check_triage(system, finding):
    told = {body.review.rpartition("/")[2] for _, body in system.of_type("ReviewRequested")}
    stored = {str(review) for review in system.reviews}
    finding.checked += len(told | stored)
    for name in told ^ stored:
        finding.bad.append(f"reviews/{name} is {'told' if name in told else 'stored'} only")
    announced = {
        row.report
        for row in system.table("classification", "classifications", "report:uuid announced:bool")
        if row.announced
    }
    classified = {row.report_id for row, _ in system.of_type("ReportClassified", "ReportReclassified")}
    finding.checked += len(announced | classified)
    for report in announced ^ classified:
        finding.bad.append(f"reports/{report} is classified in {'events' if report in classified else 'tables'} only")


def _check_ratings(system, finding):
    told = {(body.invitation.rpartition("/")[2], body.revision) for _, body in system.of_type("RatingSubmitted")}
    stored = {(str(name), row.revision) for name, rows in system.ratings.items() for row in rows}
    finding.checked += len(told | stored)
    for name, revision in told ^ stored:
        where = "told" if (name, revision) in told else "stored"
        finding.bad.append(f"revision {revision} of the rating of invitations/{name} is {where} only")
    invited = {body.invitation.rpartition("/")[2] for _, body in system.of_type("RatingInvited")}
    for name, row in system.invitations.items():
        # A report that was withdrawn before its answer was heard of invites nobody.
        finding.check(
            str(name) in invited or row.standing == "withdrawn", f"invitations/{name} was never told of"
        )
    for name in invited - {str(name) for name in system.invitations}:
        finding.check(False, f"invitations/{name} was told of and is not there")
    reopened = {(row.report_id, body.round) for row, body in system.of_type("ReportReopened")}
    asked = {(row.report, row.round) for row in system.invitations.values() if row.reopened}
    finding.checked += len(reopened | asked)
    for report, round_ in reopened ^ asked:
        where = "told" if (report, round_) in reopened else "stored"
        finding.bad.append(f"reopening of round {round_} of reports/{report} is {where} only")


def _check_commands(system, finding):
    """Each acknowledged command against the event or row that it must have left."""
    assignments = {
        step: {body.assignment for _, body in system.of_type(*types)}
        for step, types in {
            "accept": ("WorkStarted",), "hand_back": ("ReportHandedBack",), "submit": ("ResolutionSubmitted",),
            "approve": ("ReportResolved", "ReportDeferred"),
        }.items()
    }
    withdrawn = {f"reports/{row.report_id}" for row, _ in system.of_type("ReportWithdrawn")}
    decided = {f"reviews/{review.id}" for review in system.reviews.values() if review.state == "decided"}
    posted = {body.message for _, body in system.of_type("MessagePosted")}
    rated = {f"invitations/{name}" for name, rows in system.ratings.items() if rows}
    left = {**assignments, "withdraw": withdrawn, "decide": decided, "post": posted, "rate": rated}
    for request in system.ledger.of(*left):
        if request.is_acknowledged:
            finding.check(
                request.name in left[request.kind],
                f"{request.kind} of {request.name} (request {request.id}) was acknowledged and left nothing",
            )
        elif not request.refusals:
            finding.check(False, f"{request.kind} {request.id} has no known outcome although everything was healed")
