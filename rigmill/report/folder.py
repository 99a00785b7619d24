"""The report's folder: its files, and the preview strips that sections show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rigmill.pipeline.view import View
from rigmill.storage.files import Store, digest, write_atomic
from rigmill.types import StoredFile


class ReportFolder:
    """Files of one report, by name. What nobody names while a report is written goes at its end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._named: set[str] = set()

    def holds(self, *names: str) -> bool:
        """Whether all of these files, which belong to the report, are there already."""
        self._named.update(names)
        return all((self.path / name).exists() for name in names)

    def put(self, name: str, data: bytes) -> Path:
        """Write a file where it is absent or another; returns its path."""
        self._named.add(name)
        path = self.path / name
        if not (path.exists() and path.read_bytes() == data):
            write_atomic(path, data, durable=False)
        return path

    def remove_others(self) -> None:
        """Remove files that nobody named: of clips that are no longer there."""
        for path in self.path.rglob("*"):
            if path.is_file() and path.name not in self._named:
                path.unlink()


@dataclass(frozen=True, slots=True)
class Strip:
    """A clip's preview with words under it. `picture` is a file of the report, None where there is no preview."""

    picture: str | None
    name: str
    about: str
    words: str
    measured: float | None = None
    limit: float | None = None


def strip_pictures(view: View, wanted: Iterable[str], *, store: Store, folder: ReportFolder) -> dict[str, str]:
    """Clip id -> file of the report with its preview strip, for those of the wanted clips that have one."""
    names, asked = {}, set(wanted)
    for row in view.products("preview") if asked else ():
        if row["clip_id"] in asked and row["files"]:
            stored = StoredFile.from_row(row["files"][0])
            if store.path(stored).exists():
                names[row["clip_id"]] = name = f"strip-{digest(row['clip_id'], stored.sha256, length=12)}.jpg"
                folder.put(name, store.read(stored))
    return names
