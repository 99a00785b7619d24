"""What sources write about licences -> SPDX ids."""

from __future__ import annotations

_SKETCHFAB = {
    "by": "CC-BY-4.0", "by-sa": "CC-BY-SA-4.0", "by-nd": "CC-BY-ND-4.0", "by-nc": "CC-BY-NC-4.0",
    "by-nc-sa": "CC-BY-NC-SA-4.0", "by-nc-nd": "CC-BY-NC-ND-4.0", "cc0": "CC0-1.0",
}


def spdx_of(raw: str | None) -> str:
    """The id of what a source wrote; `unknown` for nothing and for words we do not know."""
    return _SKETCHFAB.get((raw or "").strip().lower(), "unknown")
