"""What the proofs share: running the product and watching it from outside."""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]


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
    """Builds a binary for release and answers its path."""
    run("cargo", "build", "--release", "-p", package)
    return target_dir() / "release" / package


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A running `fieldreport serve`."""

    def __init__(self, binary, data, *settings):
        self.data, self.port, self.internal = pathlib.Path(data), free_port(), free_port()
        command = [str(binary), "serve", "--data-dir", str(data)]
        for setting in (f"grpc.address=127.0.0.1:{self.port}", f"internal_address=127.0.0.1:{self.internal}",
                        "telemetry.log_level=warn", *settings):
            command += ["--set", setting]
        self.log = open(self.data.parent / "serve.log", "ab")
        self.begin = time.monotonic()
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        self.ready_seconds = self._until_ready(30)

    def _until_ready(self, limit):
        while time.monotonic() - self.begin < limit:
            if self.process.poll() is not None:
                raise RuntimeError(f"serve exited {self.process.returncode}; see {self.log.name}")
            with contextlib.suppress(OSError, urllib.error.URLError):
                with urllib.request.urlopen(f"http://127.0.0.1:{self.internal}/readyz", timeout=1) as answer:
                    if answer.status == 200:
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
