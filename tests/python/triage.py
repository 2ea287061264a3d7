"""The coordinators' desk by a client that shares nothing with the server but the .proto files: suggestions with reasons,
claims, questions, ready texts, a contested return, a batch that is taken back, and what only cleared officers see.

Usage: triage.py BINARY ROOT   (both absolute; starts a server of its own on a fresh folder)
"""

import importlib
import os
import sys
import tempfile
from pathlib import Path

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from journey import Person, generate, request_id, server, stubs, wait_for

ADVERTISING = "Nhận cho vay tiền nhanh lãi suất thấp, thủ tục đơn giản, ai cần liên hệ em nha, giảm giá sốc hôm nay"
# The official does not exist.
DENUNCIATION = (
    "Tôi tố cáo ông Trần Văn Thử Nghiệm, cán bộ địa chính xã, đã nhận hối lộ của gia đình tôi 15 triệu đồng để làm giấy đất "
    "cho nhanh. Ông này lợi dụng chức vụ, đề nghị xử lý nghiêm và giữ kín tên tôi."
)
ANSWER = "Ở trước chợ, mặt đường nhiều ổ gà, xe té hoài."


def main() -> None:
    binary, root = sys.argv[1], Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        generated = Path(folder) / "stubs"
        generated.mkdir()
        generate(root, generated)
        data = Path(folder) / "data"
        with server(binary, root, data) as address, grpc.insecure_channel(address) as channel:
            Desk(binary, data, channel).play()
    print("triage.py: claimed, asked, returned, contested, handled; a batch taken back; the sealed seen by cleared officers alone")


class Desk:
    """Everybody at the desk, and one citizen before it."""

    def __init__(self, binary: str, data: Path, channel) -> None:
        self.triage, triage_rpc = stubs("classification")
        self.intake, intake_rpc = stubs("intake")
        self.common = importlib.import_module("fieldreport.common.v1.common_pb2")
        self.latlng = importlib.import_module("google.type.latlng_pb2")
        self.desk, self.front = triage_rpc.TriageServiceStub, intake_rpc.IntakeServiceStub
        person = lambda role, number=1: Person(binary, data, channel, role, number=number)  # noqa: E731
        self.citizen, self.officer = person("citizen"), person("cleared_officer")
        self.lan, self.minh = person("coordinator"), person("coordinator", 2)

    def play(self) -> None:
        self.asked_returned_contested_handled()
        self.batch_taken_back()
        self.sealed()

    def asked_returned_contested_handled(self) -> None:
        report = self.send(ADVERTISING)
        review = self.review_of(self.lan, report)
        suggestion = review.suggestion
        assert len(suggestion.leaves) == 3 and suggestion.leaves[0].code == suggestion.leaf, suggestion
        words = [reason for reason in suggestion.reasons if reason.kind == "WORD"]
        assert words and all(review.text[word.start_char : word.end_char] == word.code for word in words), words

        claim = lambda: self.triage.ClaimReviewRequest(name=review.name, request_id=request_id())  # noqa: E731
        assert self.lan.call(self.desk, "ClaimReview", claim()).claim.mine
        reason, metadata = refusal(lambda: self.minh.call(self.desk, "ClaimReview", claim()))
        assert reason == "REVIEW_CLAIMED" and metadata["expire_time"] and "coordinator-1" not in str(metadata), metadata

        asked = self.decide(self.lan, review, ask_reporter=self.triage.AskReporter(question="Sự việc ở đâu?"))
        assert asked.state == self.triage.REVIEW_STATE_ASKED
        shown = self.until(report, self.common.REPORT_STATE_AWAITING_INFO)
        assert shown.question.text == "Sự việc ở đâu?" and shown.question.due_time == asked.answer_due_time
        provide = self.intake.ProvideInfoRequest(name=report, text=ANSWER, request_id=request_id())
        self.citizen.call(self.front, "ProvideInfo", provide)

        review = self.review_of(self.lan, report)
        assert review.text.endswith(ANSWER) and "INFO_PROVIDED" in review.reasons, review
        listed = self.lan.call(self.desk, "ListReturnTemplates", self.triage.ListReturnTemplatesRequest())
        (court,) = [template for template in listed.templates if template.key == "returned.court"]
        back = self.triage.ReturnToCitizen(leaf="out_of_scope.other", template=court.key)
        self.decide(self.lan, review, return_to_citizen=back)
        returned = self.until(report, self.common.REPORT_STATE_RETURNED)
        assert returned.answer.channel == court.channel and returned.HasField("contest_until_time"), returned

        contest = self.intake.ContestReturnRequest(name=report, reason="Đường hư thật.", request_id=request_id())
        self.citizen.call(self.front, "ContestReturn", contest)
        review = self.review_of(self.minh, report)
        assert list(review.reasons) == ["RETURN_CONTESTED"] and review.note == "Đường hư thật.", review
        road = self.triage.ChangeLeaf(leaf="infrastructure.road")
        reason, _ = refusal(lambda: self.decide(self.lan, review, change_leaf=road))
        assert reason == "SECOND_PERSON_REQUIRED", reason
        self.decide(self.minh, review, change_leaf=road)
        assert self.until(report, self.common.REPORT_STATE_ASSIGNED).agency

    def batch_taken_back(self) -> None:
        reviews = [self.review_of(self.lan, self.send(ADVERTISING)) for _ in range(2)]
        confirm = [self.request(review, confirm=self.triage.Confirm()) for review in reviews]
        unknown = self.triage.DecideReviewRequest(name="reviews/none", confirm=self.triage.Confirm())
        batch = self.triage.BatchDecideReviewsRequest(requests=[*confirm, unknown], request_id=request_id())
        answer = self.lan.call(self.desk, "BatchDecideReviews", batch)
        again = self.lan.call(self.desk, "BatchDecideReviews", batch)
        assert answer == again, "a repeat gets the stored answer"
        *decided, refused = answer.results
        assert all(one.review.state == self.triage.REVIEW_STATE_PENDING for one in decided), answer
        assert refused.refusal.reason == "PERMISSION_DENIED_OR_MISSING", refused
        names = [review.name for review in reviews]
        undo = self.triage.BatchUndoDecisionsRequest(names=names, request_id=request_id())
        undone = self.lan.call(self.desk, "BatchUndoDecisions", undo).results
        assert all(one.review.state == self.triage.REVIEW_STATE_OPEN for one in undone), undone
        for review in reviews:
            get = self.intake.GetReportRequest(name=review.report, view=self.intake.REPORT_VIEW_FULL)
            # The timeline hears of the review at its own time.
            self.until(review.report, self.common.REPORT_STATE_UNDER_REVIEW)
            told = [entry.event for entry in self.citizen.call(self.front, "GetReport", get).timeline]
            assert told == ["ReportSubmitted", "ReviewRequested"], told

    def sealed(self) -> None:
        report = self.send(DENUNCIATION)
        review = self.review_of(self.officer, report)
        assert all(seen.report != report for seen in self.queue(self.lan)), "an ordinary queue shows what is sealed"
        get = self.triage.GetReviewRequest(name=review.name)
        reason, _ = refusal(lambda: self.lan.call(self.desk, "GetReview", get))
        assert reason == "PERMISSION_DENIED_OR_MISSING", reason
        reason, _ = refusal(lambda: self.decide(self.lan, review, confirm=self.triage.Confirm()))
        assert reason == "PERMISSION_DENIED_OR_MISSING", reason
        back = self.triage.ReturnToCitizen(leaf="out_of_scope.denunciation")
        self.decide(self.officer, review, return_to_citizen=back)
        assert self.until(report, self.common.REPORT_STATE_RETURNED).answer.text.vi

    def send(self, text: str) -> str:
        point = self.latlng.LatLng(latitude=9.1809, longitude=105.17725)
        report = self.intake.Report(text=text, location=self.common.Location(point=point, address="trước chợ"))
        create = self.intake.CreateReportRequest(report=report, request_id=request_id())
        return self.citizen.call(self.front, "CreateReport", create).name

    def queue(self, who: Person) -> list:
        return list(who.call(self.desk, "ListReviews", self.triage.ListReviewsRequest(page_size=100)).reviews)

    def review_of(self, who: Person, report: str):
        look = lambda: [review for review in self.queue(who) if review.report == report]  # noqa: E731
        return wait_for(f"{report} waits for a person", look)[0]

    def until(self, report: str, state: int):
        def look():
            found = self.citizen.call(self.front, "GetReport", self.intake.GetReportRequest(name=report))
            return found if found.state == state else None

        return wait_for(f"{report} is {self.common.ReportState.Name(state)}", look)

    def request(self, review, **decision):
        return self.triage.DecideReviewRequest(
            name=review.name, etag=review.etag, request_id=request_id(), **decision
        )

    def decide(self, who: Person, review, **decision):
        return who.call(self.desk, "DecideReview", self.request(review, **decision))


def refusal(call) -> tuple[str, dict]:
    """Reason and metadata of a refusal."""
    try:
        call()
    except grpc.RpcError as error:
        for detail in rpc_status.from_call(error).details:
            info = error_details_pb2.ErrorInfo()
            if detail.Unpack(info):
                return info.reason, dict(info.metadata)
        raise
    raise AssertionError("it was not refused")


if __name__ == "__main__":
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    main()
