"""I10: every medium that is said to be whole is whole, byte for byte; its public copy tells nothing of where it was taken."""

import hashlib
from collections import defaultdict

from ..finding import Finding

#: Segments of a JPEG that may carry metadata: APP1 to APP15 and comments. APP0 (JFIF) holds none.
METADATA = {*range(0xE1, 0xF0), 0xFE}


def check(system):
    finding = Finding("I10", "media are whole, nothing incomplete is shown, copies carry no metadata")
    if system.ledger.is_of_reporters_only and not system.media and not system.ledger.of("upload"):
        finding.absent = "nobody sent any"
        return finding
    parts = defaultdict(list)
    for row in system.table("intake", "media_parts", "media_id:uuid start object", "ORDER BY media_id, start"):
        parts[row.media_id].append(row)
    referenced = set()
    for medium in system.media.values():
        referenced.update(row.object for row in parts[medium.id])
        for wrong in _wrong(system, medium, parts[medium.id]):
            finding.bad.append(f"media/{medium.id} {wrong}")
        finding.checked += 1
        if medium.public_copy:
            referenced.add(f"copies/{medium.id}.jpg")
    _check_uploads(system, finding)
    stored = {str(file.relative_to(system.site.media)) for file in system.site.media.rglob("*") if file.is_file()}
    for object_ in referenced - stored:
        finding.check(False, f"{object_} is referred to and is not there")
    finding.notes.append(f"{len(stored - referenced)} objects belong to nothing (yet): the collector's, after 24 h")
    return finding


def _wrong(system, medium, parts):
    sha, size = hashlib.sha256(), 0
    for part in parts:
        if part.start != size:
            yield f"has a part at {part.start} after {size} bytes"
        file = system.site.media / part.object
        if not file.is_file():
            yield f"lacks its part {part.object}"
            return
        content = file.read_bytes()
        sha.update(content)
        size += len(content)
    if size != medium.received:
        yield f"says it has {medium.received} bytes and has {size}"
    if medium.ready and (size != medium.size or sha.digest() != medium.sha256):
        yield f"is shown as whole and has {size} of {medium.size} bytes, or other ones"
    if not medium.ready and medium.public_copy:
        yield "is not whole and has a public copy"
    if medium.public_copy:
        file = system.site.media / "copies" / f"{medium.id}.jpg"
        if file.is_file():
            yield from _told_by(file.read_bytes(), system.site.canary["exif"])


def _told_by(jpeg, secret):
    if secret.encode() in jpeg:
        yield "has a public copy with the metadata of its original"
    at = 2
    while at + 4 <= len(jpeg) and jpeg[at] == 0xFF and jpeg[at + 1] != 0xDA:
        if jpeg[at + 1] in METADATA:
            yield f"has a public copy with a metadata segment {jpeg[at + 1]:#x}"
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")


def _check_uploads(system, finding):
    """Every acknowledged upload is there as it was sent."""
    by_id = {str(medium.id): medium for medium in system.media.values()}
    for request in system.ledger.of("upload"):
        medium = by_id.get(request.id)
        if request.is_acknowledged:
            finding.check(
                medium is not None and medium.ready and medium.sha256.hex() == request.details["sha256"],
                f"media/{request.id} was acknowledged as whole and is not",
            )
        else:
            finding.check(False, f"media/{request.id} was never acknowledged although everything was healed")
