"""I14: the sums agree: what came in is what has ended and what is open, by agency, commune and day, in every service."""

from collections import Counter

from ..finding import Finding
from ..system import OPEN_ASSIGNMENT

#: How the states of a report appear to its reporter and to routing.
SAME = {
    "waiting": {"submitted", "under_review"}, "unrouted": {"under_review"}, "handed_back": {"handed_back", "under_review"},
    "assigned": {"assigned", "in_progress", "pending_approval", "reopened"}, "returned": {"returned", "closed"},
    "rejected": {"rejected", "closed"}, "answered": {"resolved", "answered_deferred", "closed"},
    "withdrawn": {"withdrawn"},
}


def check(system):
    finding = Finding("I14", "submitted = ended + open, by agency, commune and day")
    acknowledged = sum(request.is_acknowledged for request in system.ledger.of("create"))
    finding.check(
        acknowledged == len(system.reports),
        f"{acknowledged} reports were acknowledged, {len(system.reports)} are stored",
    )
    days = Counter(system.calendar.day(report.create_time) for report in system.reports.values())
    told = Counter(system.calendar.day(row.time) for row, _ in system.of_type("ReportSubmitted"))
    _compare(finding, "reports of day", days, told, "told of")
    for report in system.reports.values():
        case = system.cases.get(report.id)
        if case is not None:
            finding.check(
                report.state in SAME[case.state],
                f"reports/{report.id} is {report.state} to its reporter and {case.state} to routing",
            )
    given = Counter((body.agency.rpartition("/")[2]) for _, body in system.of_type("ReportAssigned"))
    held = Counter(row.agency for row in system.assignments.values())
    _compare(finding, "assignments of", held, given, "told of")
    now_open = Counter(row.agency for row in system.assignments.values() if row.state in OPEN_ASSIGNMENT)
    shown = Counter(
        report.agency for report in system.reports.values() if report.state in SAME["assigned"]
    )
    _compare(finding, "open reports of", now_open, shown, "shown to reporters")
    communes = Counter(
        (row.commune or "", system.calendar.day(row.close_time)) for row in system.invitations.values()
    )
    closed = Counter(
        (_commune(body), system.calendar.day(row.time))
        for row, body in system.of_type("ReportResolved", "ReportDeferred", "ReportReturned", "ReportRejected")
    )
    _compare(finding, "closings of", communes, closed, "told of")
    return finding


def _commune(body):
    return body.closing.commune_code if body.DESCRIPTOR.fields_by_name.get("closing") else body.commune_code


def _compare(finding, what, kept, other, how):
    for key in kept.keys() | other.keys():
        finding.check(kept[key] == other[key], f"{what} {key}: {kept[key]} kept, {other[key]} {how}")
