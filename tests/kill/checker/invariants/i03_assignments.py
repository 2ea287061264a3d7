"""I3: one agency has a report at a time, in rounds without gaps, and it is an agency that exists on that day."""

import csv
from datetime import date

from ..finding import Finding
from ..system import OPEN_ASSIGNMENT


def check(system):
    finding = Finding("I3", "at most one agency has a report; rounds have no gap; agencies are in force")
    agencies = _agencies(system.site.province)
    for report, assignments in system.assignments_of.items():
        finding.checked += 1
        case = system.cases.get(report)
        for wrong in _wrong(assignments, case, agencies, system.calendar):
            finding.bad.append(f"reports/{report} {wrong}")
    return finding


def _wrong(assignments, case, agencies, calendar):
    open_ones = [row for row in assignments if row.end_time is None]
    if len(open_ones) > 1:
        yield f"has {len(open_ones)} open assignments"
    if any((row.state in OPEN_ASSIGNMENT) != (row.end_time is None) for row in assignments):
        yield "has an assignment whose end and state contradict each other"
    if open_ones and (case is None or case.state != "assigned"):
        yield f"has an open assignment and is {case and case.state}"
    rounds = sorted({row.round for row in assignments})
    # A round may end without any agency: returned reports are assigned only when they are reopened.
    first = rounds[0]
    if rounds != list(range(first, first + len(rounds))):
        yield f"has rounds {rounds}"
    if case is not None and rounds[-1] > case.round:
        yield f"is in round {case.round} and has an assignment of round {rounds[-1]}"
    for before, after in zip(assignments, assignments[1:]):
        if before.end_time is None or before.end_time > after.assign_time:
            yield f"was with {before.agency} and {after.agency} at the same time"
    for row in assignments:
        day = calendar.day(row.assign_time)
        span = agencies.get(row.agency)
        if span is None or not span[0] <= day <= span[1]:
            yield f"was given to {row.agency}, which is not in force on {day}"


def _agencies(pack):
    with (pack / "agencies.csv").open() as file:
        return {
            row["id"]: (
                date.fromisoformat(row["valid_from"]),
                date.fromisoformat(row["valid_to"]) if row["valid_to"] else date.max,
            )
            for row in csv.DictReader(file)
        }
