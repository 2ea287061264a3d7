"""When an answer is due, computed anew from the pack: a second reading of the rule, for comparison with the first."""

import csv
import hashlib
import tomllib
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

UNITS = {"h": 3_600, "m": 60, "s": 1, "d": 86_400}


def seconds(text):
    return int(text[:-1]) * UNITS[text[-1]]


class Calendar:
    def __init__(self, pack: Path):
        profile = tomllib.loads((pack / "province.toml").read_text())
        sign, hours, minutes = profile["utc_offset"][0], *map(int, profile["utc_offset"][1:].split(":"))
        offset = timedelta(hours=hours, minutes=minutes)
        self.zone = timezone(offset if sign == "+" else -offset)
        self.coordinator = profile["coordinating_agency"]
        policies = tomllib.loads((pack / "policies.toml").read_text())
        self.policy_version = policies["version"]
        self.rules = policies["clocks"]
        self.rating = policies["rating"]
        with (pack / "calendar.csv").open() as file:
            self.days = {date.fromisoformat(row["date"]): row["kind"] for row in csv.DictReader(file)}
        digest = hashlib.sha256((pack / "calendar.csv").read_bytes()).hexdigest()
        self.version = f"sha256:{digest[:12]}"

    def local(self, micros):
        whole, part = divmod(micros, 1_000_000)
        return datetime.fromtimestamp(whole, self.zone) + timedelta(microseconds=part)

    def day(self, micros):
        return self.local(micros).date()

    def julian_day(self, micros):
        """Days since 24 November 4714 BC: how score facts name a day."""
        return self.day(micros).toordinal() + 1_721_425

    def is_working(self, day):
        kind = self.days.get(day)
        if kind is None:
            return day.weekday() < 5
        return kind == "make_up_working_day"

    def limits(self, clock, start):
        """Microseconds until due, and until "due soon"."""
        if self.rules["mode"] != "elapsed":
            raise NotImplementedError("this checker knows clocks of mode `elapsed` only")
        choice = "working" if self.is_working(self.day(start)) else "day_off"
        limit = seconds(self.rules[clock][choice]) * 1_000_000
        return limit, round(limit * self.rules["due_soon_share"])
