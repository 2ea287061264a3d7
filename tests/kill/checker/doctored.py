"""Does the checker see what it should? A healthy site is copied, one thing in it is made wrong, and the invariant that is
responsible must say so. Each doctoring is one line of SQL or one changed file: what a bug would leave behind."""

import json
import shutil
import sqlite3
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from .invariants import (
    i01_reports, i02_ends, i03_assignments, i04_events, i05_states, i06_once, i07_ratings, i08_timelines, i09_clocks,
    i10_media, i11_replays, i12_canary, i14_sums, i15_rest, i16_nodes,
)
from .site import Site
from .system import System


@dataclass
class Doctoring:
    invariant: Callable
    what: str
    do: Callable


def sql(service, *statements):
    def do(site):
        connection = sqlite3.connect(site.data / f"{service}.db")
        for statement in statements:
            for mark, value in site.canary.items():
                statement = statement.replace(f"{{{mark}}}", value)
            if connection.execute(statement).rowcount == 0:
                raise LookupError(f"nothing to doctor: {statement}")
        connection.commit()
        connection.close()

    return do


def copy_row(service, table, condition, **changes):
    """Adds a copy of a row with other values in some columns; unique indexes are dropped, as a bug would have it."""

    def do(site):
        connection = sqlite3.connect(site.data / f"{service}.db")
        indexes = "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql LIKE 'CREATE UNIQUE%'"
        for (name,) in connection.execute(indexes, (table,)).fetchall():
            connection.execute(f"DROP INDEX {name}")
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        values = ", ".join(changes.get(column, column) for column in columns)
        insert = f"INSERT INTO {table} SELECT {values} FROM {table} WHERE {condition} LIMIT 1"
        if connection.execute(insert).rowcount == 0:
            raise LookupError(f"nothing to doctor: {insert}")
        connection.commit()
        connection.close()

    return do


def any_of(table, condition="1=1", key="id"):
    return f"{key} = (SELECT {key} FROM {table} WHERE {condition} LIMIT 1)"


def append(path, text):
    def do(site):
        with (site.folder / path).open("a") as file:
            file.write(text.format(**site.canary))

    return do


def change_ledger(change):
    """Lets `change` alter one line; it answers whether it did."""

    def do(site):
        lines = [json.loads(line) for line in site.ledger.read_text().splitlines()]
        if not any(change(line) for line in lines):
            raise LookupError("no line of the ledger to doctor")
        site.ledger.write_text("".join(json.dumps(line) + "\n" for line in lines))

    return do


def damage_media(pattern, damage):
    def do(site):
        file = next(iter(sorted(site.media.glob(pattern))), None)
        if file is None:
            raise LookupError(f"no {pattern} to doctor")
        damage(site, file)

    return do


def other_digest(line):
    if line["line"] == "answer" and line["why"] == "replay" and line["code"] == "OK":
        line["digest"] = "0" * 64
        return True
    return False


def refused_replay(line):
    if line["line"] == "answer" and line["why"] == "replay" and line["code"] == "OK":
        line.update(code="ABORTED", reason="ETAG_MISMATCH", digest="", name="")
        return True
    return False


def publish_original(site, copy):
    original = next(iter(sorted(site.media.glob(f"originals/{copy.stem}/*"))))
    shutil.copyfile(original, copy)


NEW_ID = "randomblob(16)"
OPEN = any_of("assignments", "end_time IS NULL")
ENDED = any_of("assignments", "end_time IS NOT NULL")

ALL = [
    Doctoring(i01_reports, "a report is gone", sql("intake", f"DELETE FROM reports WHERE {any_of('reports')}")),
    Doctoring(i01_reports, "a report is there twice", copy_row("intake", "reports", "1=1", id=NEW_ID, code="code || 'X'")),
    Doctoring(i01_reports, "a report lies elsewhere", sql("intake", f"UPDATE reports SET latitude = latitude + 1e-6 WHERE {any_of('reports')}")),
    Doctoring(i01_reports, "an identity is gone", sql("intake", f"DELETE FROM identities WHERE {any_of('identities', key='report_id')}")),
    Doctoring(i01_reports, "media are linked no more", sql("intake", "DELETE FROM report_media WHERE NOT evidence")),
    Doctoring(i02_ends, "an assigned report is with nobody", sql("routing", f"UPDATE assignments SET state = 'cancelled', end_time = assign_time + 1 WHERE {OPEN}")),
    Doctoring(i02_ends, "a review that somebody needs is dropped", sql("classification", "UPDATE reviews SET state = 'dropped' WHERE state = 'open'")),
    Doctoring(i02_ends, "routing has lost a case", sql("routing", f"DELETE FROM cases WHERE {any_of('cases', 'state = ' + repr('assigned'), key='report_id')}")),
    Doctoring(i03_assignments, "two agencies have a report", copy_row("routing", "assignments", "end_time IS NULL", id=NEW_ID)),
    Doctoring(i03_assignments, "an agency is not in force", sql("routing", f"UPDATE assignments SET agency = 'cong-ttdt-tinh' WHERE {OPEN}")),
    Doctoring(i03_assignments, "a round never began", sql("routing", f"UPDATE assignments SET round = round + 1 WHERE {OPEN}")),
    Doctoring(i04_events, "a listener has forgotten an event", sql("routing", f"DELETE FROM inbox WHERE {any_of('inbox', key='event_id')}")),
    Doctoring(i04_events, "an event was never sent", sql("intake", "INSERT INTO outbox_waiting SELECT max(seq) FROM outbox")),
    Doctoring(i04_events, "an event is gone", sql("routing", f"DELETE FROM outbox WHERE {any_of('outbox', key='seq')}")),
    Doctoring(i04_events, "a number is used twice", sql("routing", "UPDATE outbox SET sequence = 1 WHERE seq = (SELECT seq FROM outbox WHERE sequence = 2 LIMIT 1)")),
    Doctoring(i05_states, "a state changed without event", sql("intake", "UPDATE reports SET state = 'closed' WHERE id = (SELECT id FROM reports WHERE state = 'assigned' LIMIT 1)")),
    Doctoring(i05_states, "an event without its assignment", sql("routing", f"DELETE FROM assignments WHERE {ENDED}")),
    Doctoring(i05_states, "an assignment without its event", copy_row("routing", "assignments", "end_time IS NOT NULL", id=NEW_ID)),
    Doctoring(i05_states, "an acknowledged post left nothing", sql("intake", "DELETE FROM outbox WHERE event_type LIKE '%MessagePosted'")),
    Doctoring(i05_states, "a decision is forgotten", sql("classification", "UPDATE reviews SET state = 'dropped' WHERE state = 'decided'")),
    Doctoring(i05_states, "a rating is gone", sql("satisfaction", f"DELETE FROM ratings WHERE {any_of('ratings', key='invitation')}")),
    Doctoring(i06_once, "an effect happened twice", copy_row("routing", "outbox", "event_type LIKE '%ReportAssigned' AND cause_id IS NOT NULL", seq="NULL", event_id=NEW_ID)),
    Doctoring(i06_once, "an event is told twice", copy_row("intake", "timeline", "sequence = 2", sequence="sequence + 1000")),
    Doctoring(i07_ratings, "a closing is rated twice", copy_row("satisfaction", "invitations", "1=1", id=NEW_ID)),
    Doctoring(i07_ratings, "a score has one more", sql("satisfaction", f"UPDATE score_facts SET closed = closed + 1 WHERE {any_of('score_facts', key='rowid')}")),
    Doctoring(i07_ratings, "a revision is missing", sql("satisfaction", f"UPDATE ratings SET revision = revision + 1 WHERE {any_of('ratings', key='rowid')}")),
    Doctoring(i08_timelines, "a word is changed", sql("intake", "UPDATE timeline SET text_vi = text_vi || '.' WHERE rowid = (SELECT rowid FROM timeline WHERE sequence = 2 LIMIT 1)")),
    Doctoring(i08_timelines, "an entry is gone", sql("intake", "DELETE FROM timeline WHERE rowid = (SELECT rowid FROM timeline WHERE sequence = 1 LIMIT 1)")),
    Doctoring(i08_timelines, "the end is cut off", sql("intake", "DELETE FROM timeline WHERE rowid = (SELECT rowid FROM timeline ORDER BY sequence DESC LIMIT 1)")),
    Doctoring(i08_timelines, "time goes back", sql("intake", "UPDATE timeline SET time = 1 WHERE rowid = (SELECT rowid FROM timeline WHERE sequence = 2 LIMIT 1)")),
    Doctoring(i09_clocks, "a due time is a second off", sql("routing", f"UPDATE clocks SET due_time = due_time + 1000000 WHERE {any_of('clocks', key='rowid')}")),
    Doctoring(i09_clocks, "a promise is longer than the rule", sql("routing", f"UPDATE assignments SET due_time = due_time + 1 WHERE {OPEN}")),
    Doctoring(i09_clocks, "a clock began late", sql("routing", "UPDATE clocks SET start_time = start_time + 1, due_time = due_time + 1, due_soon_time = due_soon_time + 1, alarm_time = alarm_time + 1 WHERE rowid = (SELECT rowid FROM clocks WHERE kind = 'receive' LIMIT 1)")),
    Doctoring(i10_media, "an original is cut short", damage_media("originals/*/*", lambda _, file: file.write_bytes(file.read_bytes()[:-1]))),
    Doctoring(i10_media, "an original is gone", damage_media("originals/*/*", lambda _, file: file.unlink())),
    Doctoring(i10_media, "a copy is gone", damage_media("copies/*", lambda _, file: file.unlink())),
    Doctoring(i10_media, "a copy is the original, metadata and all", damage_media("copies/*", publish_original)),
    Doctoring(i10_media, "an acknowledged upload is not whole", sql("intake", "UPDATE media SET ready = 0 WHERE ready")),
    Doctoring(i11_replays, "a stored answer is changed", sql("intake", f"UPDATE requests SET reply = CAST(reply || x'00' AS BLOB) WHERE {any_of('requests', key='rowid')}")),
    Doctoring(i11_replays, "a repeat is answered otherwise", change_ledger(other_digest)),
    Doctoring(i11_replays, "a repeat is refused", change_ledger(refused_replay)),
    Doctoring(i12_canary, "a name stands in a log", append("logs/doctored.log", '{{"reporter": "{name} số 3"}}\n')),
    Doctoring(i12_canary, "a phone number stands in an event", sql("intake", "UPDATE outbox SET body = CAST(body || '+{phone}012' AS BLOB)")),
    Doctoring(i12_canary, "a subject stands in a table", sql("routing", "UPDATE cases SET address = '{subject}-3'")),
    Doctoring(i14_sums, "a report is counted no more", sql("intake", f"DELETE FROM reports WHERE {any_of('reports')}")),
    Doctoring(i14_sums, "two services disagree on a state", sql("routing", "UPDATE cases SET state = 'rejected' WHERE report_id = (SELECT report_id FROM cases WHERE state = 'assigned' LIMIT 1)")),
    Doctoring(i14_sums, "an agency has more than was given to it", sql("routing", f"UPDATE assignments SET agency = 'ubnd-tinh' WHERE {OPEN}")),
    Doctoring(i15_rest, "an event is given up", sql("intake", "INSERT INTO retries (event_id, attributes, body, attempts, next_attempt_time, reason, parked_time) SELECT event_id, '{}', body, 5, 0, 'doctored', 1 FROM outbox LIMIT 1")),
    Doctoring(i15_rest, "an event waits for its predecessor", sql("intake", "INSERT INTO held_events (event_id, report_id, source, event_type, sequence, time, body) SELECT event_id, report_id, 'routing', event_type, sequence, time, body FROM outbox LIMIT 1")),
    Doctoring(i15_rest, "a process has grown", lambda site: (site.folder / "resources.json").write_text('[{"name": "intake-1", "resident_mb": 900, "files": 9}]')),
]


def prove(description):
    """Prints a line for each doctoring; answers whether every one was seen."""
    for invariant in {doctoring.invariant for doctoring in ALL}:
        finding = invariant.check(System(Site(description)))
        if not finding.holds:
            raise LookupError(f"only a healthy site can be made ill; {finding.name} does not hold: {finding.bad[:3]}")
    well = True
    for doctoring in ALL:
        with tempfile.TemporaryDirectory(prefix="fieldreport-doctored-") as folder:
            site = copy_of(description, Path(folder))
            doctoring.do(site)
            finding = doctoring.invariant.check(System(site))
            seen = bool(finding.bad)
            well &= seen
            print(f"{'seen  ' if seen else 'MISSED'} {finding.name:<4} {doctoring.what}", flush=True)
    well &= prove_that_nothing_is_no_success(description)
    well &= prove_that_nodes_are_compared()
    return well


def prove_that_nothing_is_no_success(description):
    with tempfile.TemporaryDirectory(prefix="fieldreport-doctored-") as folder:
        site = copy_of(description, Path(folder))
        site.ledger.write_text("")
        sql("intake", "DELETE FROM reports")(site)
        seen = not i01_reports.check(System(site)).holds
        print(f"{'seen  ' if seen else 'MISSED'} a check over nothing is no success")
        return seen


def prove_that_nodes_are_compared():
    """Without a standby here: what the comparison makes of answers that differ."""
    pairs = (((3, "a"), (2, "a")), ((3, "a"), (3, "b")))
    seen = all(any(i16_nodes.differences("reports", *pair)) for pair in pairs)
    seen &= not any(i16_nodes.differences("reports", (3, "a"), (3, "a")))
    print(f"{'seen  ' if seen else 'MISSED'} I16  a row is on one node only")
    return seen


def copy_of(description, folder):
    given = json.loads(description.read_text())
    for part in ("data", "logs", "ledger", "answers"):
        source = Path(given[part])
        target = folder / source.name
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copyfile(source, target)
        given[part] = str(target)
    shutil.copyfile(description.parent / "resources.json", folder / "resources.json")
    copy = folder / description.name
    copy.write_text(json.dumps(given))
    return Site(copy)
