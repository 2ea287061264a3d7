"""Where everything of a run lies; written by the driver."""

import json
from pathlib import Path


class Site:
    def __init__(self, description: Path):
        given = json.loads(description.read_text())
        self.folder = description.parent
        self.engine = given["engine"]
        self.data = Path(given["data"])
        self.databases = given["databases"]
        self.broker = given["broker"]
        self.standby = given["standby"]
        self.province = Path(given["province"])
        self.proto = Path(given["proto"])
        self.logs = Path(given["logs"])
        self.ledger = Path(given["ledger"])
        self.answers = Path(given["answers"])
        self.media = self.data / "media"
        self.canary = given["canary"]

    @property
    def is_embedded(self) -> bool:
        return self.engine == "sqlite"
