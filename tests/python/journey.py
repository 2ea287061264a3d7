"""A client that shares no code with the system: stubs made from the .proto files by grpcio-tools, a report from the
citizen's phone to a score, and grpcurl by reflection. Run by tests/run; FIELDREPORT names the binary."""
import hashlib
import json
import os
import pathlib
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import uuid
import zlib

import grpc

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "proto"))
intake_pb, intake_rpc = grpc.protos_and_services("fieldreport/intake/v1/intake.proto")
triage_pb, triage_rpc = grpc.protos_and_services("fieldreport/classification/v1/classification.proto")
routing_pb, routing_rpc = grpc.protos_and_services("fieldreport/routing/v1/routing.proto")
scores_pb, scores_rpc = grpc.protos_and_services("fieldreport/satisfaction/v1/satisfaction.proto")
common_pb = grpc.protos("fieldreport/common/v1/common.proto")

TEXT = "Đường trước trường tiểu học có nhiều ổ gà sâu, học sinh đi xe đạp hay bị té. Kính mong sửa sớm."


def request_id():
    return str(uuid.uuid4())


def png():
    """One grey pixel row, made by hand."""
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))
    header = struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0)
    rows = b"".join(b"\0" + bytes(range(8)) for _ in range(8))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


class Journey(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.binary = os.environ["FIELDREPORT"]
        cls.folder = tempfile.TemporaryDirectory(prefix="fieldreport-python-")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            cls.address = f"127.0.0.1:{probe.getsockname()[1]}"
        cls.log = open(pathlib.Path(cls.folder.name) / "serve.log", "wb")
        cls.server = subprocess.Popen(
            [cls.binary, "serve", "--data-dir", cls.data(), "--set", f"grpc.address={cls.address}"],
            cwd=ROOT, stdout=cls.log, stderr=cls.log)
        cls.channel = grpc.insecure_channel(cls.address)
        grpc.channel_ready_future(cls.channel).result(timeout=60)
        cls.intake = intake_rpc.IntakeServiceStub(cls.channel)
        cls.media = intake_rpc.MediaServiceStub(cls.channel)
        cls.triage = triage_rpc.TriageServiceStub(cls.channel)
        cls.dispatch = routing_rpc.DispatchServiceStub(cls.channel)
        cls.rating = scores_rpc.RatingServiceStub(cls.channel)
        cls.scores = scores_rpc.ScoreServiceStub(cls.channel)

    @classmethod
    def tearDownClass(cls):
        cls.channel.close()
        cls.server.terminate()
        code = cls.server.wait(timeout=30)
        cls.log.close()
        cls.folder.cleanup()
        assert code == 0, f"serve exited {code}"

    @classmethod
    def data(cls):
        return str(pathlib.Path(cls.folder.name) / "data")

    def token(self, role, subject, agency=None):
        command = [self.binary, "token", "--data-dir", self.data(), "--role", role, "--subject", subject]
        command += ["--agency", agency] if agency else []
        return [("authorization", "Bearer " + subprocess.check_output(command, cwd=ROOT, text=True).strip())]

    def upload(self, token, content):
        media_id = request_id()
        header = intake_pb.UploadHeader(media_id=media_id, content_type="image/png", size_bytes=len(content),
                                        sha256=hashlib.sha256(content).digest())
        parts = [intake_pb.UploadMediaRequest(header=header), intake_pb.UploadMediaRequest(chunk=content)]
        return self.media.UploadMedia(iter(parts), metadata=token, timeout=30)

    def until(self, token, name, *events):
        watch = self.intake.WatchReport(intake_pb.WatchReportRequest(name=name), metadata=token, timeout=30)
        for step in watch:
            if step.entry.event in events:
                watch.cancel()
                return step.entry
        self.fail(f"none of {events} happened")

    def submit(self, token, text=TEXT, **report):
        request = intake_pb.CreateReportRequest(
            request_id=request_id(),
            report=intake_pb.Report(text=text, location={"point": {"latitude": 9.1769, "longitude": 105.1524}}, **report),
            reporter={"display_name": "Người thử nghiệm", "phone": "0900000000"})
        return request, self.intake.CreateReport(request, metadata=token, timeout=10)

    def own_assignment(self, token, report):
        found = self.dispatch.ListAssignments(routing_pb.ListAssignmentsRequest(page_size=100), metadata=token)
        return next(one for one in found.assignments if one.report == report)

    def test_from_phone_to_score(self):
        citizen = self.token("citizen", "python-1")
        photo = self.upload(citizen, png())
        request, report = self.submit(citizen, media=[photo.name])
        again = self.intake.CreateReport(request, metadata=citizen, timeout=10)
        self.assertEqual(report, again, "the same request has the same answer")

        entry = self.until(citizen, report.name, "ReportAssigned", "ReviewRequested")
        if entry.event == "ReviewRequested":
            self.decide(report.name)
            self.until(citizen, report.name, "ReportAssigned")
        agency = self.intake.GetReport(intake_pb.GetReportRequest(name=report.name), metadata=citizen).agency
        self.answer(report.name, agency.removeprefix("agencies/"))

        self.until(citizen, report.name, "RatingInvited")
        seen = self.intake.GetReport(intake_pb.GetReportRequest(name=report.name, view=2), metadata=citizen)
        self.assertEqual(seen.state, common_pb.REPORT_STATE_RESOLVED)
        self.assertEqual([entry.sequence for entry in seen.timeline], list(range(1, len(seen.timeline) + 1)))
        rated = self.rating.SubmitRating(scores_pb.SubmitRatingRequest(
            invitation=seen.invitation, resolved=True, verdict=common_pb.VERDICT_SATISFIED, request_id=request_id()),
            metadata=citizen)
        self.assertEqual(rated.revision, 1)

        anybody = self.token("public", "anybody")
        score = self.scores.GetScore(scores_pb.GetScoreRequest(
            dimension=scores_pb.SCORE_DIMENSION_AGENCY, subject=agency), metadata=anybody)
        self.assertEqual(score.disclosure, scores_pb.DISCLOSURE_HIDDEN, "one answer is never shown")

    def decide(self, report):
        officer = self.token("cleared_officer", "officer-1")
        reviews = self.triage.ListReviews(triage_pb.ListReviewsRequest(page_size=100), metadata=officer).reviews
        review = next(one for one in reviews if one.report == report)
        self.triage.DecideReview(triage_pb.DecideReviewRequest(
            name=review.name, change_leaf={"leaf": "infrastructure.road"}, request_id=request_id(), etag=review.etag),
            metadata=officer)

    def answer(self, report, agency):
        handler, leader = self.token("agency_handler", "handler-1", agency), self.token("agency_leader", "leader-1", agency)
        after = self.upload(handler, png())
        assignment = self.own_assignment(handler, report)
        assignment = self.dispatch.AcceptAssignment(routing_pb.AcceptAssignmentRequest(
            name=assignment.name, request_id=request_id(), etag=assignment.etag), metadata=handler)
        assignment = self.dispatch.SubmitResolution(routing_pb.SubmitResolutionRequest(
            name=assignment.name, request_id=request_id(), etag=assignment.etag,
            resolution={"outcome": common_pb.OUTCOME_REPAIRED, "reply": "Đã vá xong các ổ gà.", "evidence": [after.name]}),
            metadata=handler)
        self.dispatch.ApproveResolution(routing_pb.ApproveResolutionRequest(
            name=assignment.name, request_id=request_id(), etag=assignment.etag), metadata=leader)

    def test_refusals_tell_what_to_do(self):
        citizen = self.token("citizen", "python-2")
        with self.assertRaises(grpc.RpcError) as raised:
            self.submit(citizen, text="")
        self.assertEqual(raised.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)
        details = dict(raised.exception.trailing_metadata())["grpc-status-details-bin"]
        for part in (b"TEXT_EMPTY", b"report.text", "Xin cho biết".encode()):
            self.assertIn(part, details)
        with self.assertRaises(grpc.RpcError) as raised:
            self.intake.ListReports(intake_pb.ListReportsRequest())
        self.assertEqual(raised.exception.code(), grpc.StatusCode.UNAUTHENTICATED)

    def test_grpcurl_finds_and_calls_everything_by_reflection(self):
        grpcurl = [str(pathlib.Path(sys.executable).parent / "grpcurl"), "-plaintext"]
        token = dict(self.token("public", "anybody"))["authorization"]
        listed = subprocess.check_output([*grpcurl, self.address, "list"], text=True).split()
        for service in ("fieldreport.intake.v1.IntakeService", "fieldreport.routing.v1.DispatchService",
                        "fieldreport.classification.v1.TriageService", "fieldreport.satisfaction.v1.ScoreService",
                        "grpc.health.v1.Health"):
            self.assertIn(service, listed)
        located = subprocess.check_output(
            [*grpcurl, "-H", f"authorization: {token}", "-d", '{"location":{"point":{"latitude":9.1769,"longitude":105.1524}}}',
             self.address, "fieldreport.routing.v1.DirectoryService/LocatePoint"], text=True)
        self.assertEqual(json.loads(located)["match"], "COMMUNE_MATCH_INSIDE")
        health = subprocess.check_output([*grpcurl, self.address, "grpc.health.v1.Health/Check"], text=True)
        self.assertEqual(json.loads(health)["status"], "SERVING")


if __name__ == "__main__":
    unittest.main()
