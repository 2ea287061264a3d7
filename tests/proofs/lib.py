"""What the proofs share: running the product and watching it from outside."""
import atexit
import contextlib
import json
import os
import pathlib
import random
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
SERVICES = ("intake", "classification", "routing", "satisfaction")

# Engines and settings of the person who calls must not be used, nor changed.
for _name in [name for name in os.environ if name.startswith("FIELDREPORT_")]:
    del os.environ[_name]
# Whoever stops a proof stops what it has started.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

_binaries = None


def parse(topic, parser, steps, arguments):
    """Reads the arguments of a topic, and answers them and its steps; one that `--only` leaves out says so in the table."""
    global _binaries
    parser.prog = f"tests/prove {topic}"
    names = {step.__name__.replace("_", "-"): step for step in steps}
    parser.add_argument("--only", metavar="STEP,…", help=f"leaves the other steps out: {', '.join(names)}")
    parser.add_argument("--binaries", type=pathlib.Path, metavar="FOLDER",
                        help="measures the binaries there (fieldreport, load, kill) instead of building for release")
    options = parser.parse_args(arguments)
    _binaries = options.binaries and options.binaries.resolve()
    chosen = options.only.split(",") if options.only else list(names)
    unknown = [name for name in chosen if name not in names]
    if unknown:
        parser.error(f"there is no step {', '.join(unknown)}; there are {', '.join(names)}")
    return options, [step if name in chosen else left_out(name) for name, step in names.items()]


def left_out(name):
    """A step that was not measured shows nothing, and the table must say so."""
    def step():
        return [(name.replace("-", " "), "measured", "left out by --only", False)]
    step.__name__ = name.replace("-", "_")
    return step


def run(*command, cwd=ROOT, timeout=1800, env=None, check=True):
    """Runs a command to its end; its output is returned, and shown when it fails."""
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, timeout=timeout, env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    if check and done.returncode != 0:
        raise RuntimeError(f"{command[0]} exited {done.returncode}: {(done.stderr or done.stdout)[-600:]}")
    return done


def target_dir():
    metadata = json.loads(run("cargo", "metadata", "--format-version", "1", "--no-deps").stdout)
    return pathlib.Path(metadata["target_directory"])


def release(package):
    """Builds for release and answers a binary's path. All at once: alone, one shares other features of the libraries."""
    if _binaries:
        return _binaries / package
    run("cargo", "build", "--release", "-p", "fieldreport", "-p", "load", "-p", "kill")
    return target_dir() / "release" / package


def free_port():
    """Below the range from which the kernel takes ports for outgoing connections: it must still be free after a kill."""
    while True:
        port = random.randrange(10000, 20000)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


class Server:
    """A running `fieldreport serve`."""

    def __init__(self, binary, data, *settings, service=None, environment=None, wait=True):
        self.data, self.port, self.internal = pathlib.Path(data), free_port(), free_port()
        self.environment = {**os.environ, **(environment or {})}
        self.command = [str(binary), "serve", "--data-dir", str(data)]
        if service:
            self.command += ["--services", service]
        for setting in (f"grpc.address=127.0.0.1:{self.port}", f"internal_address=127.0.0.1:{self.internal}",
                        "telemetry.log_level=warn", *settings):
            self.command += ["--set", setting]
        self.log_file = self.data.parent / f"{service or 'serve'}.log"
        self.start(wait)

    def start(self, wait=True):
        """Also after an end: on the same ports, with the same settings. `ready_seconds` is how long it took."""
        self.log = open(self.log_file, "ab")
        self.begin = time.monotonic()
        self.process = subprocess.Popen(self.command, cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log)
        if wait:
            self.ready_seconds = self.until_ready(60)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def readiness(self):
        """Status and words of /readyz; no status while nobody listens."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.internal}/readyz", timeout=1) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read().decode()
        except OSError as error:
            return None, str(error)

    def until_ready(self, limit):
        while time.monotonic() - self.begin < limit:
            if self.process.poll() is not None:
                raise RuntimeError(f"serve exited {self.process.returncode}; see {self.log.name}")
            if self.readiness()[0] == 200:
                return time.monotonic() - self.begin
            time.sleep(0.002)
        raise RuntimeError("not ready in time")

    def metrics(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.internal}/metrics", timeout=5) as answer:
            return answer.read().decode()

    def resident_megabytes(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024

    def stop(self):
        """SIGTERM; answers seconds until the process is gone and its exit code."""
        begin = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=60)
        self.log.close()
        return time.monotonic() - begin, code

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.log.close()


class Engines:
    """PostgreSQL and RabbitMQ of one's own, by deploy/local; durable ones unless `--throw-away` is among the options."""

    def __init__(self, *options):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="fieldreport-proof-"))
        self.folder.chmod(0o755)  # PostgreSQL of root runs as another user, and must get to its part
        self.path = self.folder / "engines"
        atexit.register(self.close)
        run(ROOT / "deploy/local/up", *options, self.path)
        lines = (self.path / "env").read_text().splitlines()
        self.environment = dict(shlex.split(line)[1].split("=", 1) for line in lines if line.startswith("export "))

    @property
    def product(self):
        """What the product must know of them."""
        return {name: value for name, value in self.environment.items() if name.startswith("FIELDREPORT__")}

    @property
    def tests(self):
        """What Rust tests must know of them."""
        return {name: value for name, value in self.environment.items() if name.startswith("FIELDREPORT_TEST_")}

    def tell(self, *words):
        return run(ROOT / "deploy/local/engine", self.path, *words).stdout

    def close(self):
        atexit.unregister(self.close)
        run(ROOT / "deploy/local/down", "--remove", self.path, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


class System:
    """The product as it is meant to run: a process of each service, on engines of its own."""

    def __init__(self, *engine_options):
        self.binary, self.servers = release("fieldreport"), {}
        self.engines = Engines(*engine_options)
        self.data = self.engines.folder / "data"
        atexit.register(self.close)
        self.run("migrate")
        for service in SERVICES:
            self.servers[service] = Server(self.binary, self.data, service=service,
                                           environment=self.engines.product)

    def run(self, *command, **how):
        """A command of the product on this system."""
        return run(self.binary, *command, "--data-dir", self.data, env=self.engines.product, **how)

    def load(self, *options):
        """Puts load on it; answers the figures, whether the load generator was content or not."""
        place = [part for name, server in self.servers.items() for part in (f"--{name}", server.url)]
        watch = [part for name, server in self.servers.items()
                 for part in ("--watch-pid", f"{name}={server.process.pid}")]
        return load(*place, *watch, "--data-dir", self.data, *options)

    def close(self):
        atexit.unregister(self.close)
        for server in self.servers.values():
            server.kill()
        self.engines.close()


_loads = 0


def load(*options):
    """The load generator's figures. It is content only when nothing is lost; here every figure is judged by its row."""
    global _loads
    _loads += 1  # every run has a seed of its own: the system answers nothing from the record of an earlier one
    done = run(release("load"), "--seed", _loads, *options, check=False)
    if not done.stdout.strip():
        raise RuntimeError(f"the load generator exited {done.returncode}: {done.stderr[-600:]}")
    return json.loads(done.stdout)


def tests_python():
    """Python with the packages that the tests need."""
    run(ROOT / "tests/python/install")
    return ROOT / "tests/.venv/bin/python3"


def kill_loop(*options, timeout=7200):
    """The figures of tests/kill-loop, whether it was content or not."""
    python = tests_python()
    with folder() as path:
        path.chmod(0o755)
        done = run(release("kill"), "--root", ROOT, "--binary", release("fieldreport"), "--python", python, *options,
                   env={"TMPDIR": str(path)}, timeout=timeout, check=False)
    if not done.stdout.strip():
        raise RuntimeError(f"the kill loop exited {done.returncode}: {done.stderr[-600:]}")
    return json.loads(done.stdout), done.stderr


def fault(name, *options):
    """The rows of one script of `tests/kill-loop --faults`."""
    figures, _ = kill_loop("--faults", name, *options)
    return [(f"{name}: {row['what']}", row["target"], row["measured"], row["holds"]) for row in figures]


def cargo_tests(claim, package, *filters, options=(), env=None, timeout=3600):
    """A row: all tests of a package whose names hold one of the words, and at least one."""
    done = run("cargo", "test", "-p", package, *options, "--", *filters, env=env, timeout=timeout, check=False)
    results = [line for line in done.stdout.splitlines() if line.startswith("test result")]
    passed = sum(int(line.split(" passed")[0].split()[-1]) for line in results)
    return claim, "all pass", f"{passed} passed, exit {done.returncode}", done.returncode == 0 and passed > 0


@contextlib.contextmanager
def folder():
    path = pathlib.Path(tempfile.mkdtemp(prefix="fieldreport-proof-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def median(values):
    ordered = sorted(values)
    return ordered[len(ordered) // 2]
