"""The log of a training, for people: a file of lines beside its curves."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path


class Notes:
    """Lines with their time, appended: a resumed training goes on in it. `path` None: nothing is written."""

    def __init__(self, path: Path | None) -> None:
        self.path = path

    def say(self, text: str) -> None:
        """One line."""
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a") as stream:
            stream.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {text}\n")
