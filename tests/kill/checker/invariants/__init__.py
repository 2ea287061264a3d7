"""The invariants, in the order in which they are printed. A new one is a module with `check(system) -> Finding`."""

from ..finding import Finding
from . import (
    i01_reports,
    i02_ends,
    i03_assignments,
    i04_events,
    i05_states,
    i06_once,
    i07_ratings,
    i08_timelines,
    i09_clocks,
    i10_media,
    i11_replays,
    i12_canary,
    i14_sums,
    i15_rest,
    i16_nodes,
)


def absent(name, says, why):
    return lambda system: Finding(name, says, absent=why)


ALL = [
    i01_reports.check,
    i02_ends.check,
    i03_assignments.check,
    i04_events.check,
    i05_states.check,
    i06_once.check,
    i07_ratings.check,
    i08_timelines.check,
    i09_clocks.check,
    i10_media.check,
    i11_replays.check,
    i12_canary.check,
    absent("I13", "audit entries equal acknowledged changes and identity reads", "there is no audit trail yet"),
    i14_sums.check,
    i15_rest.check,
    i16_nodes.check,
]
