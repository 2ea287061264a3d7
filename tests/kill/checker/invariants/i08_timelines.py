"""I8: timelines are numbered from 1, never go back in time, and their chain of hashes verifies to its end."""

import hashlib

from ..finding import Finding


def check(system):
    finding = Finding("I8", "timelines are contiguous, in time order, and their hash chains verify")
    for report in system.timelines.keys() - system.reports.keys():
        finding.check(False, f"a timeline without its report: {report}")
    for report in system.reports.values():
        before, time = bytes(32), 0
        entries = system.timelines.get(report.id, [])
        for number, entry in enumerate(entries, 1):
            finding.check(entry.sequence == number, f"reports/{report.id}: entry {entry.sequence} stands at {number}")
            finding.check(entry.time >= time, f"reports/{report.id}: entry {entry.sequence} is older than the one before")
            finding.check(
                entry.hash == _digest(entry, before), f"reports/{report.id}: the chain breaks at {entry.sequence}"
            )
            before, time = entry.hash, entry.time
        finding.check(
            (report.last_sequence, report.last_hash) == (len(entries), before),
            f"reports/{report.id} names entry {report.last_sequence} as its last, there are {len(entries)}",
        )
    return finding


def _digest(entry, before):
    """SHA-256 over the hash before, report, number, time, event; then kind, state and both texts with their lengths."""
    sha = hashlib.sha256()
    sha.update(before)
    sha.update(entry.report_id.bytes)
    sha.update(entry.sequence.to_bytes(8, "big", signed=True))
    sha.update(entry.time.to_bytes(8, "big", signed=True))
    sha.update(entry.event_id.bytes)
    for part in (entry.kind, entry.state, entry.text_vi, entry.text_en):
        encoded = part.encode()
        sha.update(len(encoded).to_bytes(8, "big"))
        sha.update(encoded)
    return sha.digest()
