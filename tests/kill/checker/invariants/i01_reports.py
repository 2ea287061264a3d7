"""I1: every acknowledged report exists once, as it was sent; nothing exists that nobody sent."""

from ..finding import Finding


def check(system):
    finding = Finding("I1", "an acknowledged report exists exactly once, as sent")
    left = dict(system.reports_by_text)
    sealed = {row.report_id for row in system.table("intake", system.databases.identities, "report_id:uuid")}
    lost = doubled = acknowledged = 0
    for request in system.ledger.of("create"):
        found = left.pop(request.details["text"], [])
        if request.refusals:
            finding.check(False, f"create {request.id} was refused: {request.refusals[0].code} {request.refusals[0].reason}")
        elif not request.is_acknowledged:
            finding.check(False, f"create {request.id} has no known outcome although everything was healed")
        acknowledged += request.is_acknowledged
        if request.is_acknowledged and not found:
            lost += 1
            finding.check(False, f"LOST: {request.name} was acknowledged and is not there")
        elif len(found) > 1:
            doubled += 1
            finding.check(False, f"DOUBLED: create {request.id} made {', '.join(str(row.id) for row in found)}")
        elif request.is_acknowledged:
            for wrong in _differences(system, request, found[0], sealed):
                finding.check(False, f"{request.name} {wrong}")
            finding.checked += 1
    for strangers in left.values():
        for report in strangers:
            finding.check(False, f"nobody sent reports/{report.id}")
    finding.figures = {"acknowledged": acknowledged, "lost": lost, "doubled": doubled}
    finding.notes.append(f"acknowledged {acknowledged}, lost {lost}, doubled {doubled}")
    return finding


def _differences(system, request, report, sealed):
    details = request.details
    if str(report.id) != request.resource:
        yield f"is stored as reports/{report.id}"
    if (report.latitude, report.longitude) != (details["latitude"], details["longitude"]):
        yield "lies somewhere else"
    if report.publication_consent != details["consent"]:
        yield "has another consent"
    if [str(medium) for medium in system.links[report.id]] != details["media"]:
        yield f"has other media than were announced: {system.links[report.id]}"
    if report.id not in sealed:
        yield "has no sealed identity"
