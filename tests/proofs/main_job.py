"""The main job: a stranger clones, types one command, and watches real reports travel the whole way."""
import collections
import csv
import json
import os
import socket
import time
import uuid

import lib

PACK = lib.ROOT / "deploy" / "camau"


def proofs(root, arguments):
    """`--no-cold-build` leaves the build from nothing out (it takes minutes) and says so in the table."""
    steps = [province_pack, training_text, model_figures, contract, demo, readiness_and_memory, throughput,
             graceful_stop, batch_commands, telemetry, python_client, crash, bad_input, journeys]
    first = cold_build_left_out if "--no-cold-build" in arguments else cold_build
    return [first, *steps]


def cold_build():
    """A fresh clone, an empty target folder, the first command of the README."""
    with lib.folder() as folder:
        lib.run("git", "clone", "--quiet", lib.ROOT, folder / "clone")
        begin = time.monotonic()
        done = lib.run("cargo", "run", "--release", "--", "demo", cwd=folder / "clone",
                       env={"CARGO_TARGET_DIR": str(folder / "target"), "CARGO_INCREMENTAL": "0"}, check=False)
        minutes = (time.monotonic() - begin) / 60
    return [("first command on a fresh clone: build and demo", "≤ 6 min, exit 0",
             f"{minutes:.1f} min, exit {done.returncode}, {os.cpu_count()} cores", minutes <= 6 and done.returncode == 0)]


def cold_build_left_out():
    return [("first command on a fresh clone: build and demo", "≤ 6 min, exit 0", "left out by --no-cold-build", False)]


def province_pack():
    communes = json.loads((PACK / "communes.geojson").read_text())["features"]
    kinds = collections.Counter(feature["properties"]["kind"] for feature in communes)
    agencies = collections.Counter(row["kind"] for row in rows("agencies.csv"))
    check = lib.run(lib.release("fieldreport"), "check-config", check=False)
    with lib.folder() as folder:
        lib.run("cp", "-r", PACK, folder / "pack")
        broken = (folder / "pack" / "competence.csv").read_text().replace("cty-dien-luc", "cty-dien-lu", 1)
        (folder / "pack" / "competence.csv").write_text(broken)
        refused = lib.run(lib.target_dir() / "release" / "fieldreport", "check-config", "--province", folder / "pack",
                          check=False)
    helpful = "competence.csv:" in refused.stderr and "instead" in refused.stderr
    return [
        ("communes of the pack", "64 = 55 xã + 9 phường", f"{len(communes)} = {kinds['xã']} + {kinds['phường']}",
         (len(communes), kinds["xã"], kinds["phường"]) == (64, 55, 9)),
        ("committees and police of communes", "64 each",
         f"{agencies['commune_committee']}, {agencies['commune_police']}",
         agencies["commune_committee"] >= 64 and agencies["commune_police"] >= 64),
        ("calendar", "2022–2027", "–".join(sorted({row["date"][:4] for row in rows("calendar.csv")})[::5]),
         {row["date"][:4] for row in rows("calendar.csv")} == {str(year) for year in range(2022, 2028)}),
        ("the pack is accepted", "exit 0", f"exit {check.returncode}", check.returncode == 0),
        ("a mistake in the pack is refused with file, line and remedy", "exit 64 and all three",
         f"exit {refused.returncode}, {'helpful' if helpful else 'not helpful'}", refused.returncode == 64 and helpful),
    ]


def rows(name):
    with open(PACK / name, encoding="utf-8") as file:
        return list(csv.DictReader(file))


def training_text():
    texts = [json.loads(line) for path in sorted((PACK / "training").glob("*.jsonl"))
             for line in path.read_text().splitlines() if line.strip()]
    leaves = collections.Counter(text["leaf"] for text in texts)
    distinct = len({text["text"].casefold() for text in texts})
    plain = sum(text["text"].isascii() for text in texts) / len(texts)
    return [("distinct training texts over the leaves", "≥ 600 over 30", f"{distinct} over {len(leaves)}",
             distinct >= 600 and len(leaves) == 30),
            ("texts without accents", "some", f"{plain:.0%}", plain > 0.05)]


def model_figures():
    done = lib.run(lib.release("fieldreport"), "model", "evaluate", "--json", timeout=600)
    figures = json.loads(done.stdout)
    shown = ", ".join(f"{key} {value:.3f}" for key, value in figures.items()
                      if key in ("scope_accuracy", "field_accuracy", "leaf_accuracy") and isinstance(value, float))
    # No target but honesty: the figures must be there, and of a classifier that has learnt something.
    learnt = figures["field_accuracy"] > 0.5 and figures["scope_accuracy"] > 0.8
    return [("accuracy on its own held-out part is printed by a command", "printed", shown, bool(shown) and learnt)]


def contract():
    lib.run("tests/python/install")
    python = lib.ROOT / "tests" / ".venv" / "bin"
    lint = lib.run(python / "buf", "lint", cwd=lib.ROOT / "proto", check=False)
    return [("buf lint of the contract", "clean", "clean" if lint.returncode == 0 else lint.stdout[:80],
             lint.returncode == 0)]


def demo():
    begin = time.monotonic()
    done = lib.run(lib.release("fieldreport"), "demo", "--json", check=False)
    seconds = time.monotonic() - begin
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    summary = lines[-1]
    return [
        ("fieldreport demo", "exit 0, < 60 s", f"exit {done.returncode}, {seconds:.1f} s",
         done.returncode == 0 and seconds < 60),
        ("demo --json: one line per report and a summary, nothing else", "about 40 + 1", f"{len(lines) - 1} + 1",
         38 <= len(lines) - 1 <= 45 and summary.get("ok") is True),
    ]


def readiness_and_memory():
    binary, times = lib.release("fieldreport"), []
    with lib.folder() as folder:
        for _ in range(5):
            server = lib.Server(binary, folder / "data")
            times.append(server.ready_seconds)
            if len(times) == 5:
                time.sleep(5)
                memory = server.resident_megabytes()
            server.stop()
    return [("ready after exec with the real pack (median of 5)", "≤ 0.5 s", f"{lib.median(times):.2f} s",
             lib.median(times) <= 0.5),
            ("resident memory when idle", "≤ 64 MB", f"{memory:.0f} MB", memory <= 64)]


def throughput():
    binary, load = lib.release("fieldreport"), lib.release("load")
    figures = []
    for _ in range(3):
        with lib.folder() as folder:
            server = lib.Server(binary, folder / "data")
            try:
                done = lib.run(load, "--address", f"http://127.0.0.1:{server.port}", "--data-dir", folder / "data",
                               "--seconds", "10", timeout=400)
                figures.append(json.loads(done.stdout))
            finally:
                server.kill()
    rates = [figure["whole_way_per_second"] for figure in figures]
    lost = sum(figure["lost"] + figure["unsettled"] for figure in figures)
    return [("reports per second the whole way, generator on the same cores (median of 3)", "≥ 300/s",
             f"{lib.median(rates):.0f}/s ({min(rates):.0f}–{max(rates):.0f}), {os.cpu_count()} cores",
             lib.median(rates) >= 300),
            ("acknowledged reports lost or without owner in those runs", "0", str(lost), lost == 0)]


def telemetry():
    """One trace from the call to the timeline, metrics of every kind, and no words of citizens in the log."""
    trace, words = "11112222333344445555666677778888", "Cầu gỗ gãy một nhịp"
    lib.run("tests/python/install")
    with lib.folder() as folder:
        binary = lib.release("fieldreport")
        server = lib.Server(binary, folder / "data", "telemetry.log_level=debug", "telemetry.log_format=json")
        try:
            token = lib.run(binary, "token", "--data-dir", folder / "data", "--role", "citizen", "--subject",
                            "canary-subject").stdout.strip()
            request = {"requestId": str(uuid.uuid4()), "reporter": {"displayName": "Canary Name", "phone": "0911222333"},
                       "report": {"text": words, "location": {"point": {"latitude": 9.1769, "longitude": 105.1524}}}}
            lib.run(lib.ROOT / "tests/.venv/bin/grpcurl", "-plaintext", "-H", f"authorization: Bearer {token}",
                    "-H", f"traceparent: 00-{trace}-aaaabbbbccccdddd-01", "-d", json.dumps(request),
                    f"127.0.0.1:{server.port}", "fieldreport.intake.v1.IntakeService/CreateReport")
            traced = lambda: [line for line in (folder / "serve.log").read_text().splitlines()
                              if trace in line and "on the timeline" in line]
            waited = time.monotonic()
            while not any("ReportAssigned" in line or "ReviewRequested" in line for line in traced()):
                if time.monotonic() - waited > 10:
                    break
                time.sleep(0.05)
            metrics = server.metrics()
        finally:
            server.kill()
        log = (folder / "serve.log").read_text()
    wanted = ["rpc_requests_total", "rpc_duration_seconds", "outbox_oldest_seconds", "queue_waiting", "open_clocks"]
    missing = [name for name in wanted if name not in metrics]
    told = [secret for secret in (words, "canary-subject", "Canary Name", "0911222333") if secret in log + metrics]
    return [("one trace from the call through outbox, bus and consumers to the timeline", "its id at the last entry",
             f"{len(traced_lines(log, trace))} timeline entries carry it", len(traced_lines(log, trace)) >= 1),
            ("metrics: calls, outbox lag, queue depth, open clocks", "all", f"missing {missing}" if missing else "all",
             not missing),
            ("texts and identities in logs and metrics", "none", ", ".join(told) or "none", not told)]


def traced_lines(log, trace):
    return [line for line in log.splitlines() if trace in line and "on the timeline" in line]


def python_client():
    lib.run("tests/python/install")
    done = lib.run(lib.ROOT / "tests/.venv/bin/python", "tests/python/journey.py", lib.release("fieldreport"), lib.ROOT,
                   check=False, env={"PATH": f"{lib.ROOT}/tests/.venv/bin:{os.environ['PATH']}"})
    return [("a Python client of generated stubs goes from phone to score; grpcurl by reflection", "exit 0",
             f"exit {done.returncode}", done.returncode == 0)]


def graceful_stop():
    with lib.folder() as folder:
        server = lib.Server(lib.release("fieldreport"), folder / "data")
        silent = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(100)]
        seconds, code = server.stop()
        for connection in silent:
            connection.close()
    return [("graceful stop with 100 silent connections", "≤ 20 s, exit 0", f"{seconds:.1f} s, exit {code}",
             seconds <= 20 and code == 0)]


def batch_commands():
    binary = lib.release("fieldreport")
    with lib.folder() as folder:
        (folder / "texts.jsonl").write_text('{"id":1,"text":"duong hu den khong sang"}\nno json\n{"id":2,"text":""}\n')
        done = lib.run(binary, "classify", "--input", folder / "texts.jsonl", "--output", folder / "out.jsonl",
                       check=False)
        answers = [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]
        wanted = {"id", "scope", "top", "leaf", "urgency", "needs_human", "reasons"}
        classify = [answer["id"] for answer in answers] == [1, 2] and wanted <= answers[0].keys()
        (folder / "points.csv").write_text("id,lat,lon\na,9.1769,105.1524\nb,x,1\nc,8.0,104.0\n")
        located = lib.run(binary, "locate", "--input", folder / "points.csv", "--output", folder / "out.csv",
                          check=False)
        found = list(csv.DictReader((folder / "out.csv").open()))
        locate = [(row["id"], row["match"]) for row in found] == [("a", "inside"), ("c", "outside")]
    told = "line 2" in done.stderr and "line 3" in located.stderr
    return [("classify and locate answer good lines and tell bad ones by number", "both, exit 1",
             f"{classify and locate and told}, exits {done.returncode} and {located.returncode}",
             classify and locate and told and done.returncode == located.returncode == 1)]


def crash():
    return [lib.cargo_tests("kill -9 at random moments: nothing lost, nothing doubled", "fieldreport", "crash")]


def bad_input():
    return [lib.cargo_tests("bad input: exact code and reason, nothing half-made", "e2e", "bad_input")]


def journeys():
    return [lib.cargo_tests("journeys over gRPC, permutations and duplicates of events", "e2e")]
