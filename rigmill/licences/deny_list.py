"""The deny list: assets that must not be used, whatever their licence says. Removals, NoAI, a person's own decision."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from rigmill.errors import UserError
from rigmill.types import Row

NAMES = ("uid", "sha256", "origin")  # any one of them is enough to name an asset
COLUMNS = (*NAMES, "source", "reason")
ID_LENGTH = 16  # an asset id is how the digest of the original file begins
MAX_BYTES = 64 * 1024 * 1024


def read_denied(path: str) -> list[Row]:
    """The entries of a deny list, as plain rows; none where the profile names no list.

    A CSV with a header: `reason` and at least one of uid, sha256 (of the original file, or an asset id) and origin;
    `source` limits an entry to one source. A list that cannot be understood stops the run: a removal must not be
    missed in silence.
    """
    if not path:
        return []
    place = Path(path).expanduser()
    try:
        data = place.read_bytes()
        if len(data) > MAX_BYTES:
            raise ValueError("larger than 64 MiB")
        reader = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        header = tuple(reader.fieldnames or ())
        raw = list(reader)
    except OSError as error:
        raise _mistake(path, error.strerror or type(error).__name__) from error
    except (ValueError, csv.Error) as error:
        raise _mistake(path, str(error)) from error
    unknown = [name for name in header if name not in COLUMNS]
    if "reason" not in header or unknown or not set(header) & set(NAMES):
        raise _mistake(path, f"its header is {', '.join(header) or 'empty'}")
    rows = [{key: (value or "").strip() for key, value in row.items() if isinstance(key, str)} for row in raw]
    for number, row in enumerate(rows, start=1):
        if None in raw[number - 1]:
            raise _mistake(path, f"entry {number} has more values than the header; put quotes around commas")
        if not any(row.get(name) for name in NAMES):
            raise _mistake(path, f"entry {number} names nothing")
    return [{name: row.get(name, "") for name in COLUMNS} for row in rows]


class Denied:
    """Which assets a list names."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._reasons: dict[tuple[str, str, str], str] = {}
        for row in rows:
            for name in NAMES:
                value = row[name].lower()[:ID_LENGTH] if name == "sha256" else row[name]
                if value:
                    self._reasons.setdefault((name, value, row["source"]), row["reason"] or "no reason given")

    def __bool__(self) -> bool:
        return bool(self._reasons)

    def reason(self, *, source: str, uid: str = "", sha256: str = "", origin: str = "") -> str | None:
        """Why the asset is denied; None when it is not. In place of the digest, an asset id will do."""
        for name, value in zip(NAMES, (uid, sha256[:ID_LENGTH], origin)):
            for limited_to in (source, "") if value else ():
                found = self._reasons.get((name, value, limited_to))
                if found is not None:
                    return found
        return None


def _mistake(path: str, why: str) -> UserError:
    return UserError(
        f"the deny list cannot be used: {path}",
        why=why,
        code="E230",
        fix="a CSV with a header of 'reason' and one or more of uid, sha256, origin (and 'source', if you like); "
        "see docs/licences.md",
    )
