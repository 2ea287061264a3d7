"""What one invariant has to say."""

from dataclasses import dataclass, field

SHOWN = 5


@dataclass
class Finding:
    """`checked` counts the things looked at; a check over nothing is a failure of the harness."""

    name: str
    says: str
    checked: int = 0
    bad: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    figures: dict = field(default_factory=dict)
    absent: str = ""

    def check(self, holds, wrong):
        self.checked += 1
        if not holds:
            self.bad.append(wrong)

    @property
    def holds(self):
        return bool(self.absent) or (self.checked > 0 and not self.bad)

    def lines(self):
        if self.absent:
            verdict = f"not checked: {self.absent}"
        elif self.bad:
            verdict = f"VIOLATED {len(self.bad)} times in {self.checked}"
        elif self.checked == 0:
            verdict = "CHECKED NOTHING: the harness is broken"
        else:
            verdict = f"holds for {self.checked}"
        yield f"{self.name:<4} {self.says:<74} {verdict}"
        yield from (f"       {note}" for note in self.notes)
        yield from (f"       ! {wrong}" for wrong in self.bad[:SHOWN])
        if len(self.bad) > SHOWN:
            yield f"       ! and {len(self.bad) - SHOWN} more"
