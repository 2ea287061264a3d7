"""I16: what the primary has, the standby has, row for row: nothing that was acknowledged is on one node only."""

import subprocess
import time

from ..database import SERVICES
from ..finding import Finding

PATIENCE_SECONDS = 60


def check(system):
    finding = Finding("I16", "no acknowledged write is on one node only")
    if not system.site.standby:
        finding.absent = "this run has no standby"
        return finding
    databases = system.databases
    newest = next(iter(databases.rows("intake", "SELECT pg_current_wal_lsn()::text")))[0]
    if not _has_replayed(system.site.standby, newest):
        finding.check(False, f"the standby has not replayed {newest} after {PATIENCE_SECONDS} s")
        return finding
    for service in SERVICES:
        for table, _ in databases.tables(service):
            sql = f"SELECT count(*), md5(coalesce(string_agg(md5(t::text), '' ORDER BY md5(t::text)), '')) FROM {table} t"
            primary = next(iter(databases.rows(service, sql)))
            standby = _ask(system.site.standby, f"fieldreport_{service}", sql)
            finding.checked += primary[0]
            finding.bad.extend(differences(f"{service}.{table}", primary, standby))
    return finding


def differences(table, primary, standby):
    if tuple(primary) != tuple(standby):
        yield f"{table}: the primary has {primary[0]} rows, the standby {standby[0]}, or other ones"


def _has_replayed(command, position):
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if _ask(command, "postgres", f"SELECT pg_last_wal_replay_lsn() >= '{position}', ''")[0] == "t":
            return True
        time.sleep(0.2)
    return False


def _ask(command, database, sql):
    done = subprocess.run(
        [*command, "-d", database, "-At", "-F", "\t", "-c", sql], check=True, stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL, text=True, timeout=120,
    )
    first, second = done.stdout.rstrip("\n").split("\t")
    return (int(first) if first.isdigit() else first, second)
