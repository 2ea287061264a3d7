"""I2: no report is forgotten: each waits for somebody who has it on their desk, or has come to a reasoned end."""

from ..finding import Finding
from ..system import OPEN_ASSIGNMENT

ENDS = {"returned", "rejected", "answered", "withdrawn"}


def check(system):
    finding = Finding("I2", "every report is on somebody's desk or at a reasoned end")
    reviewed = {review.report for review in system.reviews.values() if review.state in ("open", "asked", "pending")}
    held = {row.report_id for row in system.assignments.values() if row.state in OPEN_ASSIGNMENT}
    for report in system.reports.values():
        case = system.cases.get(report.id)
        withdrawn = report.state == "withdrawn"
        if case is None:
            # Withdrawn before it was classified, routing may never have heard more of it than that.
            wrong = None if withdrawn else "routing has never heard of it"
        elif case.state in ENDS:
            wrong = f"has ended as {case.state}, and yet an agency has it" if report.id in held else None
        elif case.state == "assigned":
            wrong = None if report.id in held else "is assigned to nobody"
        else:
            wrong = None if report.id in reviewed else f"is {case.state}, and no review is open"
        if report.state == "submitted":
            wrong = wrong or "is still `submitted`"
        finding.check(wrong is None, f"reports/{report.id} ({report.state}) {wrong}")
    return finding
