"""I9: due times are what the calendar and the policy say, computed anew from when each clock began."""

from ..events import micros
from ..finding import Finding
from ..system import kind


def check(system):
    finding = Finding("I9", "due times equal a recomputation from calendar and policy")
    calendar = system.calendar
    columns = (
        "report_id:uuid kind round agency start_time due_time due_soon_time stop_time told alarm_time "
        "calendar_version policy_version"
    )
    clocks = {(row.report_id, row.kind, row.round): row for row in system.table("routing", "clocks", columns)}
    for (report, clock, round_), row in clocks.items():
        limit, soon = calendar.limits(clock, row.start_time)
        name = f"clock {clock} of round {round_} of reports/{report}"
        finding.check(row.due_time == row.start_time + limit, f"{name} is due at {row.due_time}")
        finding.check(row.due_soon_time == row.start_time + soon, f"{name} is due soon at {row.due_soon_time}")
        finding.check(
            (row.calendar_version, row.policy_version) == (calendar.version, calendar.policy_version),
            f"{name} was computed with {row.calendar_version} and {row.policy_version}",
        )
        alarms = {"nothing": min(row.due_soon_time, row.due_time), "approaching": row.due_time, "missed": None}
        expected = None if row.stop_time is not None else alarms[row.told]
        finding.check(row.alarm_time == expected, f"{name} will ring at {row.alarm_time}, not {expected}")
    _check_starts(system, clocks, finding)
    _check_tellings(system, clocks, finding)
    return finding


def _check_starts(system, clocks, finding):
    """The first clock begins with the report, the second with the last assignment of its round."""
    for report in system.reports.values():
        clock = clocks.get((report.id, "receive", 1))
        if clock is not None:
            finding.check(
                clock.start_time == report.create_time, f"the first clock of reports/{report.id} began elsewhen"
            )
    for report, assignments in system.assignments_of.items():
        for row in assignments:
            limit, _ = system.calendar.limits("respond", row.assign_time)
            finding.check(row.due_time == row.assign_time + limit, f"assignments/{row.id} is due at {row.due_time}")
        last = {row.round: row for row in assignments}
        for round_, row in last.items():
            clock = clocks.get((report, "respond", round_))
            finding.check(
                clock is not None and clock.start_time == row.assign_time,
                f"the second clock of round {round_} of reports/{report} began elsewhen",
            )
            if clock is not None and row.state in ("resolved", "deferred"):
                finding.check(
                    clock.stop_time == row.end_time, f"the second clock of assignments/{row.id} stopped elsewhen"
                )


def _check_tellings(system, clocks, finding):
    names = {1: "receive", 2: "respond"}
    for row, body in system.of_type("DeadlineApproaching", "DeadlineMissed"):
        late = row.time - micros(body.due_time)
        finding.check(
            late >= 0 if kind(row) == "DeadlineMissed" else True,
            f"a clock of reports/{row.report_id} was said to be missed before it was due",
        )
        finding.check(
            any(key[0] == row.report_id and key[1] == names[body.clock] for key in clocks),
            f"a clock that reports/{row.report_id} does not have was told of",
        )
