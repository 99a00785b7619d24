"""The row of a collected asset: what every source has to say about a file."""

from __future__ import annotations

from collections.abc import Iterable

from rigmill.licences.rights import Rights
from rigmill.types import Row, StoredFile


def asset_row(
    stored: StoredFile,
    *,
    source: str,
    source_uid: str,
    origin: str,
    title: str,
    file_format: str,
    rights: Rights,
    licence: str = "unknown",
    licence_raw: str = "",
    licence_url: str = "",
    licence_seen_in: str = "",
    author: str = "",
    attribution: str = "",
    tags: Iterable[str] = (),
) -> Row:
    """A `collect` row. `origin` is where a person finds the file again: an address, or the source's own notation.

    `licence` is an SPDX id, LicenseRef-... or unknown; `licence_raw` what the source wrote; `licence_seen_in` is
    index, file, page or profile, or empty when nobody said anything.
    """
    return {
        "asset_id": stored.sha256[:16],
        "source": source,
        "source_uid": source_uid,
        "origin": origin,
        "title": title,
        "author": author,
        "tags": [str(tag) for tag in tags],
        "licence": licence,
        "licence_raw": licence_raw,
        "licence_url": licence_url,
        "licence_seen_in": licence_seen_in,
        "attribution": attribution,
        "rights": rights.to_row(),
        "format": file_format,
        "file": stored.to_row(),
    }
