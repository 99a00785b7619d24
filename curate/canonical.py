"""The canonical file: what Blender reads in place of the stranger's original."""

from __future__ import annotations

from curate.preflight import check


def canonical(data: bytes, file_format: str) -> tuple[bytes, str]:
    """The bytes that Blender may see, and their format; a Refusal says why there are none. Nothing else is raised."""
    check(data, file_format)
    return data, file_format
