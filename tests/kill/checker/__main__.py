"""python3 -m checker check|open-work|doctored SITE.json

`check` prints every invariant and exits 0 only when all hold; `open-work` prints what is still under way and exits 0 when
nothing is; `doctored` makes copies of the site wrong in many ways and exits 0 when each was seen. Anything else than 0 and 1 means that the checker itself is broken.
"""

import json
import sys
import time
import traceback
from pathlib import Path

from .doctored import prove
from .invariants import ALL
from .open_work import open_work
from .site import Site
from .system import System


def check(system, result):
    findings = []
    for invariant in ALL:
        begin = time.monotonic()
        finding = invariant(system)
        finding.seconds = time.monotonic() - begin
        findings.append(finding)
        print("\n".join(finding.lines()), flush=True)
    kept = [
        {
            "name": finding.name, "says": finding.says, "checked": finding.checked, "holds": finding.holds,
            "absent": finding.absent, "notes": finding.notes, "figures": finding.figures, "bad": finding.bad[:100], "seconds": finding.seconds,
        }
        for finding in findings
    ]
    result.write_text(json.dumps(kept, indent=2, ensure_ascii=False))
    with (result.parent / "violated.txt").open("a") as violated:
        violated.writelines(f"{finding.name}\n" for finding in findings if not finding.holds)
    return all(finding.holds for finding in findings)


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("check", "open-work", "doctored"):
        sys.exit(__doc__)
    if sys.argv[1] == "doctored":
        sys.exit(0 if prove(Path(sys.argv[2])) else 1)
    system = System(Site(Path(sys.argv[2])))
    if sys.argv[1] == "check":
        sys.exit(0 if check(system, system.site.folder / "findings.json") else 1)
    left = open_work(system)
    print("; ".join(left))
    sys.exit(1 if left else 0)


try:
    main()
except Exception:
    traceback.print_exc()
    sys.exit(2)
