"""I11: a request that is repeated gets the answer of before, byte for byte, and never another effect."""

import hashlib

from ..finding import Finding

#: Uploads are recognised by the medium's id; their answer is the medium as it stands.
BY_ID = {"upload"}


def check(system):
    finding = Finding("I11", "a repeated request is answered as before, byte for byte")
    replays = twins = 0
    for request in system.ledger.requests.values():
        if request.kind in BY_ID or not request.is_acknowledged:
            continue
        digests = {answer.digest for answer in request.ok}
        replays += sum(answer.why == "replay" for answer in request.ok)
        twins += sum(answer.why == "twin" for answer in request.ok)
        finding.check(
            len(digests) == 1, f"{request.kind} {request.id} was answered in {len(digests)} different ways"
        )
        first = min(answer.at for answer in request.ok)
        for refusal in request.refusals:
            finding.check(
                False,
                f"{request.kind} {request.id} was done, and {'then ' if refusal.at > first else ''}"
                f"refused by {refusal.address}: {refusal.code} {refusal.reason} ({refusal.why})",
            )
        stored = system.requests.get(request.id, [])
        finding.check(
            [hashlib.sha256(reply).hexdigest() for _, reply in stored] == sorted(digests),
            f"{request.kind} {request.id}: the stored answer is not the one that was given",
        )
    finding.notes.append(f"{replays} replays and {twins} twins were answered")
    return finding
