"""The row of a collected asset: what every source has to say about a file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rigmill.kinds import SeenIn
from rigmill.licences.rights import Rights
from rigmill.types import Row, StoredFile


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectedAsset:
    """A stored file and what its source says. `origin` is where a person finds the file again: an address, or the
    source's own notation.
    """

    file: StoredFile
    format: str
    source: str
    source_uid: str
    origin: str
    title: str
    author: str = ""
    tags: Iterable[str] = ()
    licence: str = "unknown"  # an SPDX id, LicenseRef-... or unknown
    licence_raw: str = ""  # as the source wrote it
    licence_url: str = ""
    licence_seen_in: SeenIn | None = None  # None: nobody said anything
    attribution: str = ""
    rights: Rights
    takes: Iterable[Row] = ()  # what a source knows of the motions inside: motion, truth, captions

    def to_row(self) -> Row:
        """The `collect` row."""
        return {
            "asset_id": self.file.sha256[:16],
            "source": self.source,
            "source_uid": self.source_uid,
            "origin": self.origin,
            "title": self.title,
            "author": self.author,
            "tags": [str(tag) for tag in self.tags],
            "licence": self.licence,
            "licence_raw": self.licence_raw,
            "licence_url": self.licence_url,
            "licence_seen_in": self.licence_seen_in or "",
            "attribution": self.attribution,
            "rights": self.rights.to_row(),
            "format": self.format,
            "takes": list(self.takes),
            "file": self.file.to_row(),
        }
