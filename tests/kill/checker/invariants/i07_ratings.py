"""I7: one rating per report and round, its revisions without gap; scores are what a sum over the raw rows says."""

import math
from collections import Counter, defaultdict
from datetime import date

from ..finding import Finding

COUNTS = ("closed", "asked", "timed", "on_time", "satisfied", "acceptable", "unsatisfied", "reopened")
#: Days between the first day of the proleptic Gregorian calendar and the first of the Julian day count.
JULIAN = 1_721_425


def check(system):
    finding = Finding("I7", "one rating per report and round; scores equal a recomputation")
    if system.ledger.is_of_reporters_only and not system.invitations:
        finding.absent = "nobody was invited to rate"
        return finding
    rounds = Counter((row.report, row.round) for row in system.invitations.values())
    finding.checked += len(rounds)
    finding.bad.extend(
        f"round {round_} of reports/{report} was invited to be rated {count} times"
        for (report, round_), count in rounds.items()
        if count > 1
    )
    for name, row in system.invitations.items():
        revisions = system.ratings.get(name, [])
        numbers = [rating.revision for rating in revisions]
        finding.check(numbers == list(range(1, len(numbers) + 1)), f"invitations/{name} has revisions {numbers}")
        force = (revisions[-1].revision, revisions[-1].verdict, revisions[0].create_time) if revisions else (0, None, None)
        finding.check(
            (row.revision, row.verdict, row.first_rating_time) == force,
            f"invitations/{name} stands as {(row.revision, row.verdict)}, its ratings say {force[:2]}",
        )
        finding.check(
            sum(rating.reopened for rating in revisions) == int(row.reopened),
            f"invitations/{name} was reopened {sum(rating.reopened for rating in revisions)} times",
        )
    _check_scores(system, finding)
    return finding


def _check_scores(system, finding):
    anew = defaultdict(lambda: [[0] * len(COUNTS), Counter()])
    for row in system.invitations.values():
        if row.access == "ordinary":
            for cell in _cells(row):
                counts, held = anew[cell]
                for index, count in enumerate(_counts(row)):
                    counts[index] += count
                if row.held_micros is not None:
                    held[_bucket(row.held_micros)] += 1
    kept = {}
    columns = f"dimension span first_day subject {' '.join(COUNTS)} held:bytes"
    for row in system.table("satisfaction", "score_facts", columns):
        cell = (row.dimension, row.span, row.first_day, row.subject)
        kept[cell] = [[getattr(row, count) for count in COUNTS], _unpack(row.held)]
    nothing = [[0] * len(COUNTS), Counter()]
    for cell in kept.keys() | anew.keys():
        want, have = anew.get(cell, nothing), kept.get(cell, nothing)
        finding.check(want == have, f"score {cell}: kept {have}, the raw rows say {want}")


def _counts(row):
    timed = row.respond_due_time is not None
    asked = row.standing != "withdrawn" or row.revision > 0
    on_time = timed and row.close_time <= row.respond_due_time
    verdicts = [row.verdict == verdict for verdict in ("satisfied", "acceptable", "unsatisfied")]
    return [int(value) for value in (True, asked, timed, on_time, *verdicts, row.reopened)]


def _cells(row):
    day = date.fromordinal(row.close_day - JULIAN)
    spans = (("day", row.close_day), ("month", day.replace(day=1).toordinal() + JULIAN))
    subjects = (("agency", row.agency), ("field", row.leaf.partition(".")[0]), ("commune", row.commune or ""))
    return [(dimension, span, first, subject) for dimension, subject in subjects for span, first in spans]


def _bucket(micros):
    """20 buckets in each power of ten of minutes, up to 119."""
    minutes = max(micros / 1e6 / 60.0, 1.0)
    return min(math.floor(math.log10(minutes) * 20.0), 119)


def _unpack(held):
    """A bucket in one byte, its count in four, big-endian."""
    pieces = (held[at : at + 5] for at in range(0, len(held), 5))
    return Counter({piece[0]: int.from_bytes(piece[1:], "big") for piece in pieces})
