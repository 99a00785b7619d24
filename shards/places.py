"""Where a data set is or goes to: a folder, or a URL of any protocol that fsspec speaks."""

from __future__ import annotations

from typing import Any

from rigmill.errors import UserError

# Nothing here is ever closed. A forked child (a loader's worker) inherits what its parent has open, and would close it
# for both when it lets go of it; the parent's next request would then never be answered.
_KEPT: list[Any] = []


def file_system(place: str) -> tuple[Any, str]:
    """The file system of a folder or URL, and the folder in it."""
    from fsspec.core import url_to_fs

    try:
        files, root = url_to_fs(place)
    except (ImportError, ValueError) as error:
        raise UserError(
            f"{place}: nothing here speaks that protocol", why=str(error), fix="install what it names", code="E542"
        ) from None
    if not any(files is known for known in _KEPT):
        _KEPT.append(files)
    return files, str(root).rstrip("/")
