"""Looks for a secret in whatever a run has left behind."""

from __future__ import annotations

import base64
from pathlib import Path
from urllib.parse import quote


def files_with(secret: str, *folders: Path) -> list[Path]:
    """Files below the folders that hold the secret: as it is, in base64 at any offset, or quoted for an address."""
    return [
        path
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink() and holds(secret, path.read_bytes())
    ]


def holds(secret: str, data: bytes) -> bool:
    """Whether the bytes hold the secret in one of its spellings."""
    plain = secret.encode()
    spellings = {plain, quote(secret, safe="").encode(), plain.hex().encode(), secret.encode("utf-16-le")}
    for offset in range(3):
        encoded = base64.b64encode(b"\x00" * offset + plain)
        spellings.add(encoded[4 : len(encoded) - 4])  # the ends depend on what stands beside it
    return any(spelling in data for spelling in spellings)
