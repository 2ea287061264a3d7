"""Nothing lost, whatever dies: on PostgreSQL and RabbitMQ, processes of the release binary."""
import argparse
import contextlib
import json
import re
import subprocess
import time

import lib

#: Scripts of `tests/kill-loop --faults`, each a step.
FAULTS = ("broker-down-at-start", "broker-down", "broker-restarts", "alarm", "queue-deleted", "binding-removed",
          "database-down", "database-restarts", "stalls", "rolling", "cancel-storm")
PATIENCE = 30
#: Seconds after which a message must have failed five times, with all the pauses between.
FIVE_ATTEMPTS = 180


def proofs(root, arguments):
    """The steps; what is shortened stands in the table with the length used."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true",
                        help="a kill loop of 200 kills and 100,000 acknowledged reports instead of 60 and 20,000")
    parser.add_argument("--kill-seconds", type=int, help="a shorter kill loop, to see that it works")
    parser.add_argument("--seed", type=int, default=1, help="of the kill loop (1)")
    parser.add_argument("--outage", type=int, default=300, help="seconds without broker at 50 creates/s (300)")
    parser.add_argument("--rounds", type=int, default=20, help="restarts of the broker, crashes of the database (20)")
    parser.add_argument("--bugs", metavar="NN,…", help="plants only these bugs of the twelve")
    steps = [kill_loop, embedded_kill_loop, planted_bugs, *map(fault, FAULTS), fault_points, duplicates_and_permutations,
             poison, bad_messages, wrong_configuration, wrong_queue]
    global options
    options, steps = lib.parse("durability", parser, steps, arguments)
    return steps


def kill_loop():
    return loop("", *(["--full"] if options.full else []))


def embedded_kill_loop():
    return loop("embedded: ", "--embedded")


def loop(where, *arguments):
    if options.kill_seconds:
        arguments = [word for word in arguments if word != "--full"] + ["--seconds", options.kill_seconds]
    figures, _ = lib.kill_loop("--seed", options.seed, *arguments)
    count = {name: number for finding in figures["findings"] for name, number in finding["figures"].items()}
    violated = [finding["name"] for finding in figures["findings"] if not finding["holds"]]
    checked = [finding["name"] for finding in figures["findings"] if not finding["absent"]]
    absent = [f"{finding['name']} {finding['absent']}" for finding in figures["findings"] if finding["absent"]]
    kills, reports = (200, 100_000) if options.full and not where else (60, 20_000)
    return [
        (f"{where}kill loop, seed {options.seed}: kills", f"≥ {kills}",
         f"{figures['kills']} ({figures['processes_killed']} processes and engines)", figures["kills"] >= kills),
        (f"{where}kill loop: reports acknowledged", f"≥ {reports:,}", f"{count['acknowledged']:,}",
         count["acknowledged"] >= reports),
        (f"{where}kill loop: lost, doubled", "0, 0", f"{count['lost']}, {count['doubled']}",
         count["lost"] == count["doubled"] == 0),
        (f"{where}kill loop: invariants that hold", "all",
         f"{len(checked) - len(violated)} of {len(checked)}{', violated: ' + ', '.join(violated) if violated else ''}"
         f"{'; absent: ' + '; '.join(absent) if absent else ''}", not violated and len(checked) > 10),
        (f"{where}kill loop: processes that ended by themselves", "0", str(len(figures["died_by_themselves"])),
         not figures["died_by_themselves"]),
        (f"{where}kill loop: everything well, worst gap without an acknowledged create", "well",
         f"{'well' if figures['well'] else 'NOT WELL'}, {figures['worst_gap_ms'] / 1000:.1f} s", figures["well"]),
    ]


def planted_bugs():
    wanted = options.bugs.split(",") if options.bugs else []
    figures, _ = lib.kill_loop("--planted", *wanted, timeout=4 * 3600)
    rows = [(f"planted bug {row['bug']}", "caught", f"{row['verdict']} in {row['seconds']} s", row["caught"])
            for row in figures]
    return [*rows, ("planted bugs caught", "12 of 12", f"{sum(row['caught'] for row in figures)} of {len(figures)} planted",
                    sum(row["caught"] for row in figures) == 12)]


def fault(name):
    """A step that plays one script. `rolling` counts every call without an answer, whatever its length, of callers who
    ask only processes that say they are ready, as behind a load balancer, and before anything is repeated."""
    def step():
        rows = lib.fault(name, "--outage", options.outage, "--rounds", options.rounds)
        used = {"broker-down": f"{options.outage} s", "database-down": f"{options.outage} s",
                "broker-restarts": f"{options.rounds} times", "database-restarts": f"{options.rounds} times"}.get(name)
        return [(f"{claim} ({used})" if used else claim, *rest) for claim, *rest in rows]
    step.__name__ = name.replace("-", "_")
    return step


def fault_points():
    """Every step of every flow × error, panic, stall, kill: a table of points, hits and violations for each run."""
    if not (lib.ROOT / "tests/points").exists():
        return [("every fault point × error, panic, stall, kill", "≥ 45 points, all hold", "there is no tests/points",
                 False)]
    with contextlib.closing(lib.Engines("--throw-away")) as engines:
        done = lib.run("cargo", "nextest", "run", "-p", "points", "--features", "points/fault-points", "--no-fail-fast",
                       "--success-output", "final", env=engines.tests, timeout=7200, check=False)
    rows, points = points_tables(done.stdout + done.stderr)
    return [*rows, ("fault points in all", "≥ 45, each × error, panic, stall, kill", f"{len(points)}, exit {done.returncode}",
                    len(points) >= 45 and done.returncode == 0)]


def points_tables(said):
    """A row for each table, and the names of all points."""
    tables, points = {}, set()
    for line in said.splitlines():
        if head := re.search(r"(\w.*): (\d+) points on (.+) in (\S+), (\d+) restarts", line):
            table = tables.setdefault(head[0], {"head": head, "good": 0})
        elif tables and (case := re.match(r"\s*([\w-]+(?:\.[\w-]+)+) +(\d+)  (.*)", line)):
            points.add(case[1])
            table["good"] += int(case[2]) > 0 and case[3] == "-"
    rows = [(f"fault points, {table['head'][1]}", "all hit, nothing violated",
             f"{table['good']} of {table['head'][2]} on {table['head'][3]}, {table['head'][5]} restarts",
             table["good"] == int(table["head"][2])) for table in tables.values()]
    return rows, points


def duplicates_and_permutations():
    with contextlib.closing(lib.Engines("--throw-away")) as engines:
        return [
            lib.cargo_tests("events in every order, twice and late: the same end and the same story", "e2e", "chaos",
                            env=engines.tests),
            lib.cargo_tests("two of each relay and consumer, repeats and shuffles: every effect once", "messaging",
                            "every_event_takes_effect_once", "two_of_each", "what_the_bus_has_lost", env=engines.tests),
        ]


def poison():
    with contextlib.closing(lib.Engines("--throw-away")) as engines:
        return [lib.cargo_tests("a message that panics its handler: parked after 5 attempts, others unharmed, replayable",
                                "messaging", "a_poisonous_event", env=engines.tests)]


def bad_messages():
    """Somebody outside puts what nobody can read into a queue of a running system."""
    queue, rows = "fieldreport.classification.v1", []
    with contextlib.closing(lib.System("--throw-away")) as system:
        sent = json.loads(outside(system, "send", queue))
        parked = until(lambda: {row["id"]: row for row in listed(system)}, lambda found: len(found) >= len(sent), FIVE_ATTEMPTS)
        flow = system.load("--rate", 20, "--seconds", 5, "--warmup-seconds", 0)
        for event, wrong in sent.items():
            row = parked.get(event)
            rows.append((f"a message with {wrong}", "parked after 5 attempts, with its reason",
                         f"{row['attempts']} attempts: {row['reason']}" if row else "not parked",
                         bool(row) and row["attempts"] == 5 and bool(row["reason"])))
        unharmed = flow["acknowledged"] > 0 and flow["lost"] + flow["unsettled"] == 0
        rows.append(("reports beside bad messages", "all reach their owner",
                     f"{flow['lost'] + flow['unsettled']:.0f} of {flow['acknowledged']:.0f} did not", unharmed))
        system.run("parked", "replay", "--all")
        left = len(listed(system))
        again = until(lambda: listed(system), lambda found: len(found) >= len(sent), FIVE_ATTEMPTS)
        attempts = sorted(row["attempts"] for row in again)
        rows.append(("a replayed message has another life of 5 attempts", "none parked, then all again",
                     f"{left} of {len(parked)} parked, then {len(again)}, attempts {attempts}",
                     left == 0 and len(parked) == len(sent) and attempts == [5] * len(sent)))
        system.run("parked", "drop", "--all")
        rows.append(("dropped messages are gone", "0 parked", f"{len(listed(system))} parked", not listed(system)))
    return rows


def listed(system):
    return [json.loads(line) for line in system.run("parked", "list", "--json").stdout.splitlines()]


def outside(system, *words):
    """By somebody who is no part of the system, whose own account may only do what it must."""
    system.engines.tell("rabbitmq", "ctl", "set_permissions", "-p", "fieldreport", "guest", ".*", ".*", ".*")
    url = system.engines.environment["FIELDREPORT_TEST_RABBITMQ"].replace("/%2f", "/fieldreport")
    return lib.run(lib.tests_python(), "tests/python/bad_messages.py", "--url", url, *words).stdout


def until(look, enough, patience=PATIENCE, pause=0.5):
    """What is seen once it is enough, or when patience is at its end."""
    begin = time.monotonic()
    while not enough(found := look()) and time.monotonic() - begin < patience:
        time.sleep(pause)
    return found


def wrong_configuration():
    """Each mistake on a system that is otherwise right: `serve` must end by itself, with one line and exit code 64."""
    with contextlib.closing(lib.System()) as system:  # durable ones: engines to be thrown away ask for no password
        database, bus = (system.engines.environment[f"FIELDREPORT__{part}__URL"] for part in ("DATABASE", "BUS"))
        user, place = database.split("@", 1)
        wrong_password = f"{user.rsplit(':', 1)[0]}:wrong-pass-word@{place}"
        server = place.split("/")[0]
        nowhere = {"FIELDREPORT__DATABASE__URL": f"{user}@{server}/nowhere_{{service}}"}
        mistakes = [
            ("a database URL that is none", {"FIELDREPORT__DATABASE__URL": "postgresql//nowhere"}, ()),
            ("a bus URL that is none", {"FIELDREPORT__BUS__URL": "http://nowhere"}, ()),
            ("a wrong password of the database", {"FIELDREPORT__DATABASE__URL": wrong_password}, ("password",)),
        ]
        rows = [refused(system, mistake, changes, names) for mistake, changes, names in mistakes]
        rows += [refused(system, f"a database of {service} that is not there", nowhere, (f"nowhere_{service}",), service)
                 for service in lib.SERVICES]
        # The newest migration is forgotten: the schema is that of an older binary, as far as anybody can know.
        system.engines.tell("postgres", "psql", "-q", "-d", "fieldreport_intake", "-c", FORGET)
        rows.append(refused(system, "an old schema", {}, ("migrate",)))
        wrong_bus = bus.replace(bus.split(":")[2].split("@")[0], "wrong-pass-word")
        rows.append(unready(system, "a wrong password of the bus", {"FIELDREPORT__BUS__URL": wrong_bus}, "routing",
                            ("ACCESS_REFUSED",)))
    return rows


FORGET = """
DELETE FROM seaql_migrations WHERE version = (SELECT max(version) FROM seaql_migrations)
"""


def refused(system, mistake, changes, names, service="intake"):
    target = "one clear line, exit code 64"
    try:
        done = lib.run(system.binary, "serve", "--services", service, "--data-dir", system.data, "--set",
                       f"grpc.address=127.0.0.1:{lib.free_port()}", "--set", "telemetry.log_level=error",
                       env={**system.engines.product, **changes}, check=False, timeout=PATIENCE)
    except subprocess.TimeoutExpired as still:
        said = (still.stderr or b"").decode()
        return (f"{mistake}: serve", target, f"still running after {PATIENCE} s: {said[:140]}", False)
    lines = done.stderr.strip().splitlines()
    secret = "wrong-pass-word" in done.stderr
    told = len(lines) == 1 and all(name in lines[0] for name in names) and not secret
    return (f"{mistake}: serve", target,
            f"exit {done.returncode}, {len(lines)} lines: {lines[0][:140] if lines else ''}",
            done.returncode == 64 and told)


def unready(system, mistake, changes, service, names):
    """Told in words, not ready, and alive: nothing but an operator will help."""
    told_before = len(system.servers[service].log_file.read_text())
    server = lib.Server(system.binary, system.data, "telemetry.log_format=json", service=service,
                        environment={**system.engines.product, **changes}, wait=False)
    statuses = set()

    def look():
        told = [json.loads(line) for line in server.log_file.read_text()[told_before:].splitlines()]
        words = [line.get("why") or line.get("error") or "" for line in told]
        statuses.add(server.readiness()[0])
        return next((said for said in words if all(name in said for name in names)), "")

    try:
        why = until(look, lambda why: 503 in statuses and why or server.process.poll() is not None,
                    pause=0.01)
        alive = server.process.poll() is None
        answers = ", ".join(str(status) for status in sorted(statuses, key=str))
        return (mistake, "never ready, the difference in words, no crash loop",
                f"{'alive' if alive else 'ended'}, /readyz {answers}: {why[-160:] or 'not told in words'}",
                alive and 503 in statuses and 200 not in statuses and bool(why))
    finally:
        server.kill()


def wrong_queue():
    """The queue exists and is a classic one, before anything of the system has ever declared it."""
    with contextlib.closing(lib.System("--throw-away")) as system:
        for server in system.servers.values():
            server.kill()
        queue = "fieldreport.routing.v1"
        system.engines.tell("rabbitmq", "ctl", "delete_queue", "-p", "fieldreport", queue)
        outside(system, "classic", queue)
        return [unready(system, "a queue of the wrong type", {}, "routing", (queue, "inequivalent arg"))]
