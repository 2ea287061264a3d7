"""One report from the first word to the score, by a client that shares nothing with the server but the .proto files.

Usage: journey.py BINARY ROOT   (both absolute; starts a server of its own on a fresh folder)
"""

import contextlib
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status
from grpc_tools import protoc

ROAD = (
    "Đường trước chợ có nhiều ổ gà lớn, mặt đường bong tróc hư hỏng nặng, xe máy té ngã hoài. "
    "Đề nghị phường cho dặm vá, sửa chữa lại mặt đường."
)
PATIENCE_SECONDS = 60


def generate(root: Path, out: Path) -> None:
    """Stubs for every .proto of the contract."""
    contract = root / "proto"
    files = sorted(str(file.relative_to(contract)) for file in contract.glob("fieldreport/**/*.proto"))
    vendored = sorted(str(file.relative_to(contract)) for file in contract.glob("google/**/*.proto"))
    well_known = Path(protoc.__file__).parent / "_proto"
    options = [f"-I{contract}", f"-I{well_known}", f"--python_out={out}", f"--grpc_python_out={out}"]
    assert protoc.main(["protoc", *options, *files]) == 0, "the .proto files do not compile with protoc"
    # The vendored google files come with grpcio-status; what it lacks is generated beside ours.
    assert protoc.main(["protoc", *options[:2], f"--python_out={out}", *vendored]) == 0
    sys.path.insert(0, str(out))
    extend = __import__("pkgutil").extend_path
    import google  # noqa: PLC0415 - only after the path is set

    google.__path__ = extend(google.__path__, "google")
    for part in ("api", "type"):
        with contextlib.suppress(ImportError):
            module = importlib.import_module(f"google.{part}")
            module.__path__ = extend(module.__path__, f"google.{part}")


def stubs(name: str):
    base = f"fieldreport.{name}.v1.{name}_pb2"
    return importlib.import_module(base), importlib.import_module(f"{base}_grpc")


@contextlib.contextmanager
def server(binary: str, root: Path, data: Path):
    """A server on a port of its own; what it logs is shown when something fails."""
    log = data.parent / "server.log"
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [binary, "serve", "--data-dir", str(data), "--province", str(root / "deploy/camau")]
            + ["--set", "grpc.address=127.0.0.1:0", "--set", "telemetry.log_format=json"],
            stderr=stderr,
        )
    try:
        yield wait_for("the server listens", lambda: listening(process, log))
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_SECONDS) == 0, "the server does not stop cleanly"
    except BaseException:
        print(log.read_text(), file=sys.stderr)
        raise
    finally:
        process.kill()
        process.wait()


def listening(process, log: Path):
    assert process.poll() is None, "the server has ended"
    for line in log.read_text().splitlines():
        if '"listening"' in line:
            return json.loads(line)["address"]
    return None


def wait_for(what: str, look):
    """Polls until `look` answers something; for states, never for time."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"not within {PATIENCE_SECONDS} s: {what}")


class Person:
    """Somebody with a token of the development issuer."""

    def __init__(self, binary: str, data: Path, channel, role: str, agency: str = "", number: int = 1) -> None:
        command = [binary, "token", "--data-dir", str(data), "--role", role, "--subject", f"{role}-{number}"]
        command += ["--agency", agency.removeprefix("agencies/")] if agency else []
        token = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
        self.metadata = (("authorization", f"Bearer {token}"),)
        self.channel = channel

    def call(self, stub_class, method: str, request):
        stub = stub_class(self.channel)
        return getattr(stub, method)(request, metadata=self.metadata, timeout=PATIENCE_SECONDS)


def request_id() -> str:
    return str(uuid.uuid4())


def main() -> None:
    binary, root = sys.argv[1], Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        generated = Path(folder) / "stubs"
        generated.mkdir()
        generate(root, generated)
        data = Path(folder) / "data"
        with server(binary, root, data) as address:
            live(binary, data, address)
            describe(address)
    print("journey.py: a report was sent, watched, answered, rated and counted")


def live(binary: str, data: Path, address: str) -> None:
    common, _ = importlib.import_module("fieldreport.common.v1.common_pb2"), None
    intake, intake_rpc = stubs("intake")
    routing, routing_rpc = stubs("routing")
    satisfaction, satisfaction_rpc = stubs("satisfaction")
    latlng = importlib.import_module("google.type.latlng_pb2")

    channel = grpc.insecure_channel(address)
    health = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=PATIENCE_SECONDS)
    assert health.status == health_pb2.HealthCheckResponse.SERVING

    citizen = Person(binary, data, channel, "citizen")
    report = intake.Report(
        text=ROAD,
        location=common.Location(point=latlng.LatLng(latitude=9.1809, longitude=105.17725), address="trước chợ"),
    )
    create = intake.CreateReportRequest(report=report, request_id=request_id())
    created = citizen.call(intake_rpc.IntakeServiceStub, "CreateReport", create)
    again = citizen.call(intake_rpc.IntakeServiceStub, "CreateReport", create)
    assert created.SerializeToString(deterministic=True) == again.SerializeToString(deterministic=True)
    refusals(citizen, intake, intake_rpc, create)

    watch = intake.WatchReportRequest(name=created.name)
    steps = citizen.call(intake_rpc.IntakeServiceStub, "WatchReport", watch)
    follow = lambda kind: next(step for step in steps if step.entry.event == kind)  # noqa: E731
    follow("ReportAssigned")
    get = intake.GetReportRequest(name=created.name, view=intake.REPORT_VIEW_FULL)
    read = lambda: citizen.call(intake_rpc.IntakeServiceStub, "GetReport", get)  # noqa: E731
    assigned = read()
    assert assigned.leaf == "infrastructure.road", assigned

    handler = Person(binary, data, channel, "agency_handler", assigned.agency)
    leader = Person(binary, data, channel, "agency_leader", assigned.agency)
    dispatch = routing_rpc.DispatchServiceStub
    queue = handler.call(dispatch, "ListAssignments", routing.ListAssignmentsRequest())
    (assignment,) = [found for found in queue.assignments if found.report == created.name]
    accept = routing.AcceptAssignmentRequest(name=assignment.name, request_id=request_id(), etag=assignment.etag)
    assignment = handler.call(dispatch, "AcceptAssignment", accept)
    reply = routing.Resolution(outcome=common.OUTCOME_EXPLAINED, reply="Đơn vị đã xem xét và trả lời.")
    submit = routing.SubmitResolutionRequest(
        name=assignment.name, resolution=reply, request_id=request_id(), etag=assignment.etag
    )
    assignment = handler.call(dispatch, "SubmitResolution", submit)
    approve = routing.ApproveResolutionRequest(name=assignment.name, request_id=request_id(), etag=assignment.etag)
    leader.call(dispatch, "ApproveResolution", approve)

    follow("RatingInvited")
    invitation = read().invitation
    rate = satisfaction.SubmitRatingRequest(
        invitation=invitation, resolved=True, verdict=common.VERDICT_SATISFIED, request_id=request_id()
    )
    rating = citizen.call(satisfaction_rpc.RatingServiceStub, "SubmitRating", rate)
    assert rating.revision == 1
    follow("RatingSubmitted")
    numbers = [entry.sequence for entry in read().timeline]
    assert numbers == list(range(1, len(numbers) + 1)), numbers

    consumer = Person(binary, data, channel, "score_consumer")
    score = satisfaction.GetScoreRequest(
        dimension=satisfaction.SCORE_DIMENSION_AGENCY, subject=assigned.agency
    )
    answer = consumer.call(satisfaction_rpc.ScoreServiceStub, "GetScore", score)
    assert answer.disclosure == satisfaction.DISCLOSURE_HIDDEN and answer.method_version, answer
    assert not answer.HasField("satisfied"), "one answer is fewer than may be shown"
    steps.cancel()
    channel.close()


def refusals(citizen: Person, intake, intake_rpc, create) -> None:
    """Another implementation reads the details of a refusal."""
    wrong = intake.CreateReportRequest()
    wrong.CopyFrom(create)
    wrong.report.text = "Khác."
    try:
        citizen.call(intake_rpc.IntakeServiceStub, "CreateReport", wrong)
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
        details = {detail.type_url.rsplit(".", 1)[1] for detail in rpc_status.from_call(error).details}
        assert details == {"ErrorInfo", "BadRequest", "LocalizedMessage"}, details
    else:
        raise AssertionError("a used request_id was taken for other content")


def describe(address: str) -> None:
    """grpcurl finds its way by reflection alone."""
    grpcurl = str(Path(sys.executable).parent / "grpcurl")
    run = lambda *arguments: subprocess.run(  # noqa: E731
        [grpcurl, "-plaintext", address, *arguments], check=True, capture_output=True, text=True
    ).stdout
    listed = run("list").split()
    ours = [name for name in listed if name.startswith("fieldreport.")]
    assert len(ours) == 11 and "grpc.health.v1.Health" in listed, listed
    for service in ours:
        assert "rpc " in run("describe", service)
    assert "request_id" in run("describe", "fieldreport.intake.v1.CreateReportRequest")


if __name__ == "__main__":
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    main()
