"""Speed on PostgreSQL and RabbitMQ: a process of each service, durable engines and the load generator on the same cores."""
import argparse
import concurrent.futures
import functools
import os
import re
import time

import lib

#: Reports a second that must be sustained.
RATE = 1500
#: What is offered: a little more, so that what the window cuts off at its end takes nothing away from the figure.
OFFERED = 1.02
#: A count of refusals, and no percentile of them.
REFUSAL = re.compile(r"refused_(?P<operation>[a-z_]+)_(?P<code>[A-Z_]+)$")
#: Of an overload: four reports to one page of public reports.
MIX = "create=4,list_public=1"
#: Of an overload: with few, calls wait at their sender for a stream, and the system never hears of them.
CONNECTIONS = 32


def proofs(root, arguments):
    """The steps; their lengths can be shortened, and what was used stands in the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="length of each window of load (60)")
    parser.add_argument("--rounds", type=int, default=3, help="kills of each service, crashes of each engine (3)")
    steps = [sustained, latency, overload, impatience, ready_after_kill, broker_restart, database_crash, embedded]
    global options
    options, steps = lib.parse("speed", parser, steps, arguments)
    return steps


@functools.cache
def system():
    """One system for all steps that only put load on it; closed when the proofs end."""
    return lib.System()


def cores():
    return f"{os.cpu_count()} cores"


def sustained():
    return sustained_rows("on PostgreSQL and RabbitMQ", system().load(*offered()))


def offered():
    """The load of the throughput. One thread: the generator shall take little from the cores that it shares."""
    return ("--rate", RATE * OFFERED, "--arrivals", "even", "--seconds", options.seconds, "--sample", 20000,
            "--threads", 1)


def embedded():
    """One process on SQLite, whose default is `synchronous=FULL`."""
    with lib.folder() as folder:
        server = lib.Server(lib.release("fieldreport"), folder / "data")
        try:
            figures = lib.load("--address", server.url, "--data-dir", folder / "data", *offered())
        finally:
            server.kill()
    return sustained_rows("embedded", figures)


def sustained_rows(where, figures):
    rate, lost = figures["sustained_per_second"], figures["lost"] + figures["unsettled"]
    backlog = figures.get("backlog_seconds", float("inf"))
    return [
        (f"{where}: reports per second from created to the owner on the timeline", f"≥ {RATE}/s for 60 s",
         f"{rate:.0f}/s for {options.seconds} s, {cores()} with engines and generator", rate >= RATE),
        (f"{where}: acknowledged reports lost or without owner", "0",
         f"{lost:.0f} of {figures['acknowledged']:.0f}", lost == 0 and figures["acknowledged"] > 0),
        (f"{where}: backlog at the end", "< 2 s of work", f"{backlog:.2f} s, {figures['backlog']:.0f} reports",
         backlog < 2),
    ]


def latency():
    figures = system().load("--rate", RATE / 2, "--seconds", options.seconds)
    late = f"generator itself late p99 {figures['generator_late_p99']:.1f} ms"
    row = lambda claim, limit, name: (f"{claim} at {RATE // 2}/s, p99", f"≤ {limit} ms",
                                      f"{figures[name]:.1f} ms ({late})", figures[name] <= limit)
    return [row("CreateReport", 20, "create_p99"), row("submitted → assigned or with a person", 250, "owned_p99")]


def overload():
    """Ten times as many calls as are answered when everybody waits for the answer; nobody repeats a refused call."""
    least = min(options.seconds, 20)
    capacity = answered(system().load("--mix", MIX, "--seconds", least))
    figures = system().load("--mix", MIX, "--rate", 10 * capacity, "--seconds", options.seconds,
                            "--connections", CONNECTIONS)
    good = answered(figures)
    asked = figures["asked"] / (options.seconds + 2)
    refusals = {name: count for name, count in figures.items() if REFUSAL.match(name)}
    codes = sorted({REFUSAL.match(name)["code"] for name in refusals})
    slowest = max((figures[f"{name}_p99"] for name in refusals), default=float("inf"))
    mute = sum(figures[f"{name}_without_retry_info"] for name in refusals)
    creates, lists = share(figures, "create"), share(figures, "list_public")
    memory = {name: figures[f"megabytes_{name}"] for name in lib.SERVICES}
    dropped = figures["dropped"]
    return [
        ("overload: what is offered", "10 × capacity",
         f"{asked:.0f}/s of {10 * capacity:.0f}/s for {options.seconds} s, {dropped:.0f} not sent",
         dropped == 0 and asked >= 9 * capacity),
        ("overload: answered calls a second, share of capacity", "≥ 80 %",
         f"{good / capacity:.0%} ({good:.0f}/s of {capacity:.0f}/s)", good >= 0.8 * capacity),
        ("overload: refusals, p99", "≤ 50 ms",
         f"{slowest:.0f} ms (generator itself late p99 {figures['generator_late_p99']:.0f} ms)", slowest <= 50),
        ("overload: code of refusals", "UNAVAILABLE", ", ".join(codes) or "none refused", codes == ["UNAVAILABLE"]),
        ("overload: refusals without RetryInfo", "0", f"{mute:.0f} of {sum(refusals.values()):.0f}",
         mute == 0 and bool(refusals)),
        ("overload: creates before lists, share answered", "creates ≥ lists", f"{creates:.0%} ≥ {lists:.0%}",
         creates >= lists),
        ("overload: resident memory of each service, at most", "≤ 256 MB",
         ", ".join(f"{name} {size:.0f} MB" for name, size in memory.items()), max(memory.values()) <= 256),
        ("overload: acknowledged reports lost or without owner", "0",
         f"{figures['lost'] + figures['unsettled']:.0f} of {figures['acknowledged']:.0f}",
         figures["lost"] + figures["unsettled"] == 0),
    ]


def impatience():
    """Three times what can be carried, by callers who give up after a second and come again until they have an answer: beside
    them others with a connection of their own, and these alone as soon as the crowd is done."""
    capacity = answered(system().load("--seconds", 10))
    beginning = ("--follow", "false", "--warmup-seconds", 0)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        crowd = pool.submit(system().load, "--rate", 3 * capacity, "--seconds", 20, "--timeout-seconds", 1, "--retry",
                            "--follow", "false")
        time.sleep(8)
        beside = system().load("--rate", capacity / 10, "--seconds", 10, *beginning)
        crowd.result()
    after = system().load("--rate", capacity / 3, "--seconds", 10, *beginning)
    served = beside["acknowledged"] / beside["asked"]
    refused = sum(count for name, count in beside.items() if REFUSAL.match(name))
    return [
        ("overload by impatient callers: others beside them, answered", "≥ 50 %, the others refused with RetryInfo",
         f"{served:.0%} answered, {refused:.0f} refused of {beside['asked']:.0f}, p99 {beside['create_p99']:.0f} ms",
         served >= 0.5 and beside["acknowledged"] + refused == beside["asked"]
         and sum(beside[f"{name}_without_retry_info"] for name in beside if REFUSAL.match(name)) == 0),
        ("overload by impatient callers: the same at once after it, answered", "100 %",
         f"{after['acknowledged'] / after['asked']:.0%}, p99 {after['create_p99']:.0f} ms",
         after["acknowledged"] == after["asked"] > 0),
    ]


def answered(figures):
    return sum(figures.get(f"{name}_per_second", 0) for name in ("create", "list_public"))


def share(figures, operation):
    """Of the calls of an operation that were answered or refused, how many were answered."""
    good = figures.get(f"{operation}_per_second", 0) * options.seconds
    found = {REFUSAL.match(name): count for name, count in figures.items()}
    refused = sum(count for match, count in found.items() if match and match["operation"] == operation)
    return good / (good + refused) if good + refused else 0.0


def ready_after_kill():
    rows = []
    for service, server in system().servers.items():
        times = []
        for _ in range(options.rounds):
            server.kill()
            server.start()
            times.append(server.ready_seconds)
        rows.append((f"{service} ready after kill -9, worst of {options.rounds}", "≤ 3 s", f"{max(times):.2f} s",
                     max(times) <= 3))
    return rows


def broker_restart():
    """The broker is killed and started under load; the time counts from the moment it runs again."""
    return lib.fault("broker-restarts", "--rounds", options.rounds, "--replicas", 1)


def database_crash():
    return lib.fault("database-restarts", "--rounds", options.rounds, "--replicas", 1)
